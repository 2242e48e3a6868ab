import type { X509Certificate } from "node:crypto";
import { isFor, readCertificate } from "./certificate.ts";
import type { PemFile } from "./pem_file.ts";
import { certificatesIn, privateKeyIn, unusable } from "./pem_file.ts";

/** A certificate that a server shows, and the key to it. */
export interface ServerCertificate {
  /** In PEM: the certificate, then those that lead to an authority. */
  readonly cert: string;
  /** The private key, in PEM. */
  readonly key: string;
  /** The DNS names it is for, in lower case; one may start with `*.`. */
  readonly names: readonly string[];
}

/** A certificate that was read from files, and how long it is good. */
export interface DatedCertificate extends ServerCertificate {
  /** Milliseconds since the Unix epoch. */
  readonly notAfter: number;
}

/** The file of a certificate and that of its key, which may be the same. */
export interface CertificatePair {
  readonly cert: PemFile;
  readonly key: PemFile;
}

/**
 * A server's certificate from its files. Its names are the alternative names, or the common name
 * where it has none. Whether TLS takes such a key is for `tryCertificate` to find out.
 *
 * @param now Milliseconds since the Unix epoch.
 * @throws {Error} In a line that names the file and says what to do: when one lacks what it is for
 * or is damaged, when the key has a passphrase or isn't that of the first certificate, and when
 * that one is out of date.
 */
export function readServerCertificate(
  { cert, key }: CertificatePair,
  now: number,
): DatedCertificate {
  const chain = certificatesIn(cert);
  const privateKey = privateKeyIn(key);
  const [own] = chain;
  if (!own.checkPrivateKey(privateKey)) {
    throw chain.some((each) => each.checkPrivateKey(privateKey))
      ? unusable(
        "certificate",
        cert,
        "the server's own must be the first in it",
      )
      : unusable("key", key, `it is not the key to "${cert.path}"`);
  }
  const { notBefore, notAfter, domains } = readCertificate(own.raw);
  if (notAfter < now) {
    throw unusable("certificate", cert, `it expired at ${time(notAfter)}`);
  }
  if (notBefore > now) {
    const why = `it is not valid before ${
      time(notBefore)
    }; is the clock right?`;
    throw unusable("certificate", cert, why);
  }
  return {
    cert: chain.map((each) => each.toString()).join(""),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    names: domains.length > 0 ? domains : commonName(own),
    notAfter,
  };
}

/**
 * The certificate, of one or more, for the name that a client asks for: one with just that name,
 * else one with `*` in place of its first label, else the first of all.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chooseCertificate } from "./server_certificate.ts";
 *
 * const first = { cert: "", key: "", names: ["*.test.ru"] };
 * const second = { cert: "", key: "", names: ["mx.test.ru"] };
 * assertEquals(chooseCertificate([first, second], "MX.test.ru"), second);
 * assertEquals(chooseCertificate([first, second], "imap.test.ru"), first);
 * assertEquals(chooseCertificate([second, first], "example.com"), second);
 * ```
 */
export function chooseCertificate(
  certificates: readonly ServerCertificate[],
  serverName: string | undefined,
): ServerCertificate {
  const name = serverName?.toLowerCase() ?? "";
  return certificates.find(({ names }) => names.includes(name)) ??
    certificates.find(({ names }) =>
      isFor({ domains: names, addresses: [] }, name)
    ) ??
    certificates[0]!;
}

/** What a certificate was in the name of before there were alternative names. */
function commonName({ subject }: X509Certificate): readonly string[] {
  const [, name] = /^CN=(.+)$/m.exec(subject) ?? [];
  return name === undefined ? [] : [name.toLowerCase()];
}

/** In UTC, to the second. */
function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}
