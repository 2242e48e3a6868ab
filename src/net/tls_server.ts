import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { type ClientHello, readClientHello } from "./client_hello.ts";
import type { Failed } from "./dial.ts";
import { duplexOver } from "./duplex.ts";
import type { ServerCertificate } from "./server_certificate.ts";
import { tlsTransport } from "./tls_transport.ts";
import type { Transport } from "./transport.ts";

/**
 * Picks what to show a client that asks for this server, in lower case, or names none: for the same
 * certificate the same object, since what is made of it is kept for the next client.
 */
export type ChooseCertificate = (
  serverName: string | undefined,
) => ServerCertificate;

/** A client's connection that is now under TLS. */
export interface SecuredClient {
  readonly transport: Transport;
  /** "TLSv1.2" or "TLSv1.3". */
  readonly protocol: string;
  /** As the IANA registry has it, which RFC 8314 §4.3 wants in a Received field. */
  readonly cipher: string;
  /** The server that the client asked for, in lower case. */
  readonly serverName: string | undefined;
}

/**
 * Does a TLS handshake as the server, over a connection where the client is about to begin one.
 * From here on only what comes back may be used; when it fails the connection is closed. How long
 * it may take is for the caller to bound, by closing `transport`, which makes it fail. Throws only
 * what `choose` throws.
 *
 * TLS 1.2 and 1.3 only, with forward secrecy; a client's certificate is not asked for.
 */
export async function secureServer(
  transport: Transport,
  choose: ChooseCertificate,
): Promise<SecuredClient | Failed> {
  const opening = await readOpening(transport);
  if ("failed" in opening) {
    transport[Symbol.dispose]();
    return opening;
  }
  const { octets, hello: { serverName, modern } } = opening;
  if (!modern) {
    await transport.write(PROTOCOL_VERSION);
    transport[Symbol.dispose]();
    return { failed: "the client speaks neither TLS 1.2 nor TLS 1.3" };
  }
  return handshake(putBack(octets, transport), {
    certificate: choose(serverName),
    serverName,
  });
}

const CLOSED = "the connection was closed";

/** A fatal alert (RFC 8446 §6.2): what we speak is too new for the client. Deno sends none. */
const PROTOCOL_VERSION = Uint8Array.of(21, 3, 1, 0, 2, 2, 70);

/** Octets to hold for a hello at first: most need no more. */
const SHORT_HELLO = 2 * 1024;

/** Octets of a hello that are more than any client needs. */
const LONG_HELLO = 16 * 1024;

/** The hello, and all octets that came until it was whole. */
interface Opening {
  readonly hello: ClientHello;
  readonly octets: Uint8Array;
}

async function readOpening(transport: Transport): Promise<Opening | Failed> {
  let buffer = new Uint8Array(SHORT_HELLO);
  for (let size = 0; size < LONG_HELLO;) {
    if (size === buffer.length) {
      buffer = new Uint8Array(buffer.buffer.transfer(size * 2));
    }
    const count = await transport.read(buffer.subarray(size));
    if (count === null) return { failed: CLOSED };
    size += count;
    const octets = buffer.subarray(0, size);
    const hello = readClientHello(octets);
    if (hello === "nonsense") return { failed: NOT_TLS };
    if (hello !== "incomplete") return { hello, octets };
  }
  return { failed: "the client's hello is too long" };
}

const NOT_TLS = "what the client sent is not TLS";

/** A transport as if these octets had not been read from it. */
function putBack(octets: Uint8Array, transport: Transport): Transport {
  let rest: Uint8Array | undefined = octets;
  return {
    peer: transport.peer,
    local: transport.local,
    read(into) {
      if (rest === undefined) return transport.read(into);
      const piece = rest.subarray(0, into.length);
      into.set(piece);
      rest = piece.length < rest.length
        ? rest.subarray(piece.length)
        : undefined;
      return Promise.resolve(piece.length);
    },
    write: (bytes) => transport.write(bytes),
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}

function handshake(
  transport: Transport,
  { certificate, serverName }: {
    readonly certificate: ServerCertificate;
    readonly serverName: string | undefined;
  },
): Promise<SecuredClient | Failed> {
  const stream = duplexOver(transport);
  const socket = new TLSSocket(stream, {
    isServer: true,
    secureContext: contextOf(certificate),
  });
  return new Promise((resolve) => {
    let failed = CLOSED;
    // Said again as "error", which has nobody else to listen.
    socket.on("error", (error) => failed = failure(error));
    // A server's socket waits on when the client leaves before it is secure.
    const leave = () => stream.destroy();
    stream.once("end", leave);
    stream.once("close", () => {
      socket.destroy();
      resolve({ failed });
    });
    socket.once("secure", () => {
      stream.off("end", leave);
      resolve({
        transport: tlsTransport(socket, { transport, stream }),
        protocol: socket.getProtocol() ?? "unknown",
        cipher: socket.getCipher().standardName,
        serverName,
      });
    });
  });
}

const contexts = new WeakMap<ServerCertificate, SecureContext>();

/** What Deno makes of a certificate; to make it takes a third of a handshake's time. */
function contextOf(certificate: ServerCertificate): SecureContext {
  const known = contexts.get(certificate);
  if (known !== undefined) return known;
  const { cert, key } = certificate;
  const context = createSecureContext({ cert, key, minVersion: "TLSv1.2" });
  contexts.set(certificate, context);
  return context;
}

function failure(error: Error & { code?: string }): string {
  switch (error.code) {
    case "ECONNRESET":
    case "EPIPE":
      return CLOSED;
    case "ERR_SSL_WRONG_VERSION_NUMBER":
      return NOT_TLS;
    // All that Deno says of a certificate that it can't read or that isn't the key's.
    case "ERR_SSL_UNSUPPORTED_PROTOCOL":
      return "the certificate and its key can't be used";
    default:
      return error.message
        .replace("received fatal alert", "the client refused")
        .replace(
          "peer is incompatible",
          "the client offers nothing we can use",
        );
  }
}
