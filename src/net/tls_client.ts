import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { type Certificate, isFor, readCertificate } from "./certificate.ts";
import type { Failed } from "./dial.ts";
import { duplexOver } from "./duplex.ts";
import { tlsTransport } from "./tls_transport.ts";
import type { Transport } from "./transport.ts";

/** Whom we mean to speak to, and how sure we have to be. */
export interface SecureClientOptions {
  /** The server's domain, in ASCII and without a dot at its end, or its IP address without brackets. */
  readonly host: string;
  /**
   * "opportunistic": any certificate will do, and what is wrong with it is told. "required": only a
   * valid one in the name of `host`.
   */
  readonly verify: "opportunistic" | "required";
  /**
   * Authorities to trust, each in PEM, in place of the default: Mozilla's list, which is part of
   * Deno, unless whoever starts the program sets `DENO_TLS_CA_STORE=system`. For tests only: for
   * one of these, Deno 2.9.6 lets a certificate of X.509 version 1 pass unverified that merely
   * names it as its issuer.
   */
  readonly caCerts?: readonly string[];
}

/** Whether a certificate is valid and in the server's name, or else why not, for people. */
export type Verification =
  | { readonly verified: true }
  | { readonly verified: false; readonly why: string };

/** A connection that is now under TLS. */
export type Secured = Verification & {
  readonly transport: Transport;
  /** "TLSv1.2" or "TLSv1.3". */
  readonly protocol: string;
  /** As the IANA registry has it, which RFC 8314 §4.3 wants in a Received field. */
  readonly cipher: string;
};

/**
 * Does a TLS handshake as the client, over a connection where the server is ready for one. From
 * here on only what comes back may be used; when it fails the connection is closed. How long it may
 * take is for the caller to bound, by closing `transport`, which makes it fail. Never throws.
 *
 * TLS 1.2 and 1.3 only, with forward secrecy. Whether a certificate was revoked is not asked.
 */
export function secureClient(
  transport: Transport,
  { host, verify, caCerts }: SecureClientOptions,
): Promise<Secured | Failed> {
  const stream = duplexOver(transport);
  const socket = connect({
    socket: stream,
    host,
    // RFC 6066 §3: an IP address isn't named.
    ...(isIP(host) === 0 && { servername: host }),
    // The verdict is ours, when we can see the certificate and say what is wrong with it.
    rejectUnauthorized: false,
    // Deno's own can throw, into its event loop, and takes a name with a comma in it for two.
    checkServerIdentity: () => undefined,
    ...(caCerts && { ca: [...caCerts] }),
  });
  return new Promise((resolve) => {
    let failed = CLOSED;
    socket.on("error", (error) => failed = failure(error));
    socket.once("close", () => resolve({ failed }));
    socket.once("secureConnect", () => {
      const verification = verdict(socket, host);
      if (verify === "required" && !verification.verified) {
        failed = verification.why;
        socket.destroy();
      } else {
        resolve({
          transport: tlsTransport(socket, { transport, stream }),
          ...verification,
          protocol: socket.getProtocol() ?? "unknown",
          cipher: socket.getCipher().standardName,
        });
      }
    });
  });
}

const CLOSED = "the connection was closed";

/** Who signed the certificate is for Deno to judge, who it is for and until when is for us. */
function verdict(socket: TLSSocket, host: string): Verification {
  const certificate = peerCertificate(socket);
  if (certificate === undefined) {
    return unverified("the certificate can't be read");
  }
  if (!socket.authorized) {
    return unverified(distrust(certificate, socket.authorizationError));
  }
  return isFor(certificate, host)
    ? { verified: true }
    : unverified(`the certificate is not for ${host}`);
}

function unverified(why: string): Verification {
  return { verified: false, why };
}

function peerCertificate(socket: TLSSocket): Certificate | undefined {
  try {
    const der = socket.getPeerX509Certificate()?.raw;
    return der && readCertificate(der);
  } catch {
    return undefined;
  }
}

function distrust(certificate: Certificate, error: unknown): string {
  // A code, whatever the types say; that of an unknown authority for one that is out of date.
  if (error === "DEPTH_ZERO_SELF_SIGNED_CERT") {
    return "the certificate is self-signed";
  }
  const now = Date.now();
  if (certificate.notAfter < now) return "the certificate has expired";
  if (certificate.notBefore > now) return "the certificate is not valid yet";
  return "no authority we trust vouches for the certificate";
}

function failure(error: Error & { code?: string }): string {
  switch (error.code) {
    case "ECONNRESET":
    case "EPIPE":
      return CLOSED;
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return "what the server sent is not TLS";
    case "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION":
      return "the server speaks neither TLS 1.2 nor TLS 1.3";
    // The certificate itself may be anything, but not what the handshake is signed with. Deno
    // leaves the code of what it found wrong with the certificate.
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return "the certificate's key is too short or of a kind that is out of use";
    default:
      return error.message
        .replace("received fatal alert", "the server refused");
  }
}
