import { duplexPair } from "node:stream";
import { connect, TLSSocket } from "node:tls";
import type { ServerCertificate } from "./server_certificate.ts";

/**
 * Does a handshake with ourselves, in memory, to find out whether TLS takes a certificate and its
 * key: Deno tells of what it can't use only then. Answers what went wrong, if anything did.
 */
export function tryCertificate(
  { cert, key }: ServerCertificate,
): Promise<string | undefined> {
  const [near, far] = duplexPair();
  return new Promise<string | undefined>((resolve) => {
    const fail = (error: Error) => resolve(error.message);
    try {
      new TLSSocket(near, { isServer: true, cert, key }).on("error", fail);
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      return fail(cause);
    }
    connect({
      socket: far,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    }).on("error", fail).on("secureConnect", () => resolve(undefined));
  }).finally(() => {
    near.destroy();
    far.destroy();
  });
}
