import { assertEquals, assertThrows } from "@std/assert";
import { createPrivateKey } from "node:crypto";
import { readServerCertificate } from "../../src/net/server_certificate.ts";
import {
  AUTHORITY,
  ED25519,
  EXPIRED,
  FUTURE,
  type Identity,
  MX,
  NAMELESS,
  P384,
  RSA,
  SELF_SIGNED,
} from "./certificates.ts";

const NOW = Date.UTC(2026, 10, 23);

/** Reads files with this in them. */
function read(
  { cert, key }: {
    readonly cert: string | Uint8Array;
    readonly key: string | Uint8Array;
  },
) {
  return readServerCertificate({
    cert: { path: "cert.pem", contents: octets(cert) },
    key: { path: "key.pem", contents: octets(key) },
  }, NOW);
}

function octets(contents: string | Uint8Array): Uint8Array {
  return typeof contents === "string"
    ? new TextEncoder().encode(contents)
    : contents;
}

/** What PEM is around. */
function binary(pem: string): Uint8Array {
  return Uint8Array.fromBase64(pem.replace(/-----.*-----/g, ""));
}

Deno.test("readServerCertificate() reads a certificate, its chain and its key", () => {
  assertEquals(read({ cert: MX.cert + AUTHORITY, key: MX.key }), {
    cert: MX.cert + AUTHORITY,
    key: MX.key,
    names: ["mx.test.ru", "*.wild.test.ru"],
    notAfter: Date.UTC(2119),
  });
});

for (
  const [what, contents] of [
    ["both in one file", MX.key + MX.cert + AUTHORITY],
    ["text around it", `Subject: x\n${MX.cert}\n${AUTHORITY}0\n${MX.key}\n`],
    [
      "Windows line ends",
      (MX.cert + AUTHORITY + MX.key).replace(/\n/g, "\r\n"),
    ],
    ["a byte order mark", `\ufeff${MX.cert}${AUTHORITY}${MX.key}`],
    ["no line end between", MX.cert.trim() + AUTHORITY.trim() + MX.key],
  ] as const
) {
  Deno.test(`readServerCertificate() takes ${what}`, () => {
    assertEquals(
      read({ cert: contents, key: contents }),
      read({ cert: MX.cert + AUTHORITY, key: MX.key }),
    );
  });
}

Deno.test("readServerCertificate() takes RSA, other curves, and a common name at last resort", () => {
  for (const identity of [RSA, P384, ED25519, NAMELESS]) {
    const { cert, key, names } = read(identity);
    assertEquals({ cert, key, names }, { ...identity, names: ["mx.test.ru"] });
  }
});

Deno.test("readServerCertificate() takes the keys that OpenSSL wrote of old", () => {
  for (const [identity, type] of [[RSA, "pkcs1"], [P384, "sec1"]] as const) {
    const key = createPrivateKey(identity.key).export({ type, format: "pem" });
    assertEquals(read({ ...identity, key: String(key) }), read(identity));
  }
});

const ENCRYPTED = String(
  createPrivateKey(MX.key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "12345",
  }),
);
const ENCRYPTED_OF_OLD =
  "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n" +
  "DEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
const NO_CERTIFICATE =
  'Cannot use certificate "cert.pem": it has no line "-----BEGIN CERTIFICATE-----"';
const NO_KEY =
  'Cannot use key "key.pem": it has no line "-----BEGIN PRIVATE KEY-----"';
const PASSPHRASE =
  'Cannot use key "key.pem": it has a passphrase; write it without one, with ' +
  'openssl pkey -in "key.pem" -out NEW-FILE';
const DAMAGED_KEY =
  'Cannot use key "key.pem": it is damaged or of an unknown kind';

for (
  const [what, files, message] of [
    ["an empty certificate", { ...MX, cert: "" }, NO_CERTIFICATE],
    ["an empty key", { ...MX, key: "" }, NO_KEY],
    ["files exchanged", { cert: MX.key, key: MX.cert }, NO_CERTIFICATE],
    ["a certificate for a key", { ...MX, key: MX.cert }, NO_KEY],
    [
      "a certificate in DER",
      { ...MX, cert: binary(MX.cert) },
      'Cannot use certificate "cert.pem": it is not PEM; convert DER with ' +
      "openssl x509 -inform der, PKCS #12 with openssl pkcs12 -nodes",
    ],
    [
      "a key in DER",
      { ...MX, key: binary(MX.key) },
      'Cannot use key "key.pem": it is not PEM; convert DER with ' +
      "openssl pkey -inform der, PKCS #12 with openssl pkcs12 -nodes",
    ],
    ["an encrypted key", { ...MX, key: ENCRYPTED }, PASSPHRASE],
    ["one encrypted as of old", { ...RSA, key: ENCRYPTED_OF_OLD }, PASSPHRASE],
    [
      "a damaged key",
      { ...MX, key: MX.key.replace("MIG", "MIH") },
      DAMAGED_KEY,
    ],
    [
      "a damaged chain",
      { ...MX, cert: MX.cert + AUTHORITY.replace("MII", "MIJ") },
      'Cannot use certificate "cert.pem": number 2 in it is damaged',
    ],
    [
      "another's key",
      { ...MX, key: SELF_SIGNED.key },
      'Cannot use key "key.pem": it is not the key to "cert.pem"',
    ],
    [
      "another kind of key",
      { ...MX, key: RSA.key },
      'Cannot use key "key.pem": it is not the key to "cert.pem"',
    ],
    [
      "an authority first",
      { ...MX, cert: AUTHORITY + MX.cert },
      'Cannot use certificate "cert.pem": the server\'s own must be the first in it',
    ],
    [
      "what has expired",
      EXPIRED,
      'Cannot use certificate "cert.pem": it expired at 2021-01-01T00:00:00Z',
    ],
    [
      "what is not valid yet",
      FUTURE,
      'Cannot use certificate "cert.pem": it is not valid before ' +
      "2118-01-01T00:00:00Z; is the clock right?",
    ],
  ] as const satisfies readonly (readonly [
    string,
    Record<keyof Identity, string | Uint8Array>,
    string,
  ])[]
) {
  Deno.test(`readServerCertificate() refuses ${what}`, () => {
    const { message: told } = assertThrows(() => read(files), Error);
    assertEquals(told, message);
  });
}
