import { duplexPair } from "node:stream";
import { connect, TLSSocket } from "node:tls";
import type { ServerCertificate } from "./server_certificate.ts";

/** What came of a handshake with ourselves. */
export type Trial =
  /** TLS doesn't take the certificate or its key, for this reason. */
  | { readonly usable: false; readonly why: string }
  /** It does. Clients trust the certificate if an authority that we know stands behind it. */
  | { readonly usable: true; readonly trusted: boolean };

/**
 * Does a handshake with ourselves, in memory, to find out whether TLS takes a certificate and its
 * key: Deno tells of what it can't use only then.
 *
 * @param caCerts Authorities to trust, each in PEM, in place of Mozilla's list.
 */
export function tryCertificate(
  { cert, key }: ServerCertificate,
  caCerts?: readonly string[],
): Promise<Trial> {
  const [near, far] = duplexPair();
  return new Promise<Trial>((resolve) => {
    const fail = (error: Error) =>
      resolve({ usable: false, why: error.message });
    try {
      new TLSSocket(near, { isServer: true, cert, key }).on("error", fail);
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause;
      return fail(cause);
    }
    const client = connect({
      socket: far,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      ...(caCerts && { ca: [...caCerts] }),
    });
    client.on("error", fail).on(
      "secureConnect",
      () => resolve({ usable: true, trusted: client.authorized }),
    );
  }).finally(() => {
    near.destroy();
    far.destroy();
  });
}
