import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readCertificate } from "./certificate.ts";

/** A file that should hold certificates or a key in PEM, and what is in it. */
export interface PemFile {
  readonly path: string;
  readonly contents: Uint8Array;
}

/** What a file is wanted for. */
export type PemKind = "certificate" | "key";

/**
 * The certificates in a file, at least one. Text and keys beside them are passed over.
 *
 * @throws {Error} If there is none, or one is damaged; the line says what to do.
 */
export function certificatesIn(
  file: PemFile,
): readonly [X509Certificate, ...X509Certificate[]] {
  const [first, ...others] = blocksIn(file, "certificate")
    .map((block, index) => {
      try {
        const certificate = new X509Certificate(block);
        readCertificate(certificate.raw);
        return certificate;
      } catch (cause) {
        const why = `number ${index + 1} in it is damaged`;
        throw unusable("certificate", file, why, cause);
      }
    });
  if (first === undefined) throw lacking("certificate", file);
  return [first, ...others];
}

/**
 * The first private key in a file. Text and certificates beside it are passed over.
 *
 * @throws {Error} If there is none, or it is damaged or encrypted; the line says what to do.
 */
export function privateKeyIn(file: PemFile): KeyObject {
  const [block] = blocksIn(file, "key");
  if (block === undefined) throw lacking("key", file);
  if (/ENCRYPTED PRIVATE KEY-|^Proc-Type:.*ENCRYPTED/m.test(block)) {
    const why = "it has a passphrase; write it without one, with " +
      `openssl pkey -in "${file.path}" -out NEW-FILE`;
    throw unusable("key", file, why);
  }
  try {
    return createPrivateKey(block);
  } catch (cause) {
    throw unusable("key", file, "it is damaged or of an unknown kind", cause);
  }
}

/** The error that a file can't be used: why is part of a sentence. */
export function unusable(
  kind: PemKind,
  { path }: PemFile,
  why: string,
  cause?: unknown,
): Error {
  const text = `Cannot use ${kind} "${path}": ${why}`;
  return cause === undefined ? new Error(text) : new Error(text, { cause });
}

/** How the blocks of a kind are labelled, those first that people should look for. */
const LABELS: Readonly<Record<PemKind, readonly [string, ...string[]]>> = {
  certificate: ["CERTIFICATE"],
  key: [
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
  ],
};

/** What openssl calls its tool for a kind. */
const TOOL: Readonly<Record<PemKind, string>> = {
  certificate: "x509",
  key: "pkey",
};

function blocksIn({ contents }: PemFile, kind: PemKind): readonly string[] {
  const blocks = new TextDecoder().decode(contents)
    .matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^]*?-----END \1-----/g);
  return [...blocks].filter(([, label]) => LABELS[kind].includes(label!))
    .map(([block]) => block);
}

function lacking(kind: PemKind, file: PemFile): Error {
  // Every certificate and key in DER has a zero octet somewhere, and no text has.
  const why = file.contents.includes(0)
    ? `it is not PEM; convert DER with openssl ${TOOL[kind]} -inform der, ` +
      "PKCS #12 with openssl pkcs12 -nodes"
    : `it has no line "-----BEGIN ${LABELS[kind][0]}-----"`;
  return unusable(kind, file, why);
}
