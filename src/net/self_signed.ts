/**
 * A self-signed certificate for tests (RFC 5280 §4.1). The key and the signature are
 * `node:crypto`'s; the rest is a page of DER, for which a library would bring 19 packages.
 */
import { Buffer } from "node:buffer";
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import * as der from "./der_writer.ts";

/** A certificate and its key, in PEM. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
  /** When it expires, in milliseconds since the Unix epoch. */
  readonly notAfter: number;
}

const HOUR = 3_600_000;

/** No client that limits it lets it be longer. */
const LIFETIME = 397 * 24 * HOUR;

/** Who it says it is; what it is for are its alternative names. */
const SUBJECT = "smtpd self-signed";

/**
 * Makes a key on P-256 and a certificate for these domains, in ASCII, for 127.0.0.1 and for ::1. It
 * is good for 397 days that began an hour before `now`, in milliseconds since the Unix epoch, for a
 * client's clock may be late. It can be trusted without danger, since it can't sign another.
 */
export function makeSelfSigned(
  domains: readonly string[],
  now: number,
): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
  });
  const notBefore = Math.floor(now / 1000) * 1000 - HOUR;
  const notAfter = notBefore + LIFETIME;
  const name = der.sequence(
    der.setOf(
      der.sequence(der.objectIdentifier(COMMON_NAME), der.utf8String(SUBJECT)),
    ),
  );
  const unsigned = der.sequence(
    der.element(0xa0, der.integer(Uint8Array.of(2))), // Version 3.
    serialNumber(),
    SIGNATURE_ALGORITHM,
    name,
    der.sequence(der.time(notBefore), der.time(notAfter)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der.element(0xa3, der.sequence(...extensions(domains))),
  );
  const signature = der.bitString(sign("sha256", unsigned, privateKey));
  const cert = der.sequence(unsigned, SIGNATURE_ALGORITHM, signature);
  return {
    cert: pem("CERTIFICATE", cert),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    notAfter,
  };
}

const COMMON_NAME = "550403";

/** ecdsa-with-SHA256. */
const SIGNATURE_ALGORITHM = der.sequence(
  der.objectIdentifier("2a8648ce3d040302"),
);

/** RFC 5280 §4.1.2.2: positive, and of 20 octets at most. */
function serialNumber(): Uint8Array {
  const octets = randomBytes(16);
  octets[0] = octets[0]! & 0x3f | 0x40;
  return der.integer(octets);
}

const EXTENSION = {
  keyUsage: "551d0f",
  alternativeNames: "551d11",
  basicConstraints: "551d13",
  extendedKeyUsage: "551d25",
} as const;

const SERVER_AUTHENTICATION = "2b06010505070301";

function extensions(domains: readonly string[]): readonly Uint8Array[] {
  const digitalSignature = Uint8Array.of(0x80); // The first of its bits.
  return [
    extension("basicConstraints", der.sequence(), "critical"),
    extension("keyUsage", der.bitString(digitalSignature, 7), "critical"),
    extension(
      "extendedKeyUsage",
      der.sequence(der.objectIdentifier(SERVER_AUTHENTICATION)),
    ),
    extension("alternativeNames", der.sequence(...alternativeNames(domains))),
  ];
}

function extension(
  name: keyof typeof EXTENSION,
  content: Uint8Array,
  critical?: "critical",
): Uint8Array {
  return der.sequence(
    der.objectIdentifier(EXTENSION[name]),
    ...(critical ? [der.TRUE] : []),
    der.octetString(content),
  );
}

function alternativeNames(domains: readonly string[]): readonly Uint8Array[] {
  const domainName = (domain: string) =>
    der.element(0x82, new TextEncoder().encode(domain));
  const address = (octets: Uint8Array) => der.element(0x87, octets);
  return [
    ...domains.map(domainName),
    address(Uint8Array.of(127, 0, 0, 1)),
    address(new Uint8Array(16).with(15, 1)),
  ];
}

function pem(label: string, octets: Uint8Array): string {
  const lines = Buffer.from(octets).toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${
    lines.join("\n")
  }\n-----END ${label}-----\n`;
}
