import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Transport } from "./transport.ts";

/** What a TLS socket sits on. */
export interface BelowTls {
  readonly transport: Transport;
  /** `duplexOver(transport)`, which the socket was made with. */
  readonly stream: Duplex;
}

/**
 * What a TLS socket, client's or server's, carries as a transport: to be made as soon as the
 * handshake is over. Closing it tells the peer so (RFC 8446 §6.1) if that can be sent at once, and
 * closes the transport below. A record that can't be deciphered counts as a broken connection.
 */
export function tlsTransport(
  socket: TLSSocket,
  { transport: { peer, local }, stream }: BelowTls,
): Transport {
  let open = !socket.destroyed;
  let wake = () => {};

  function close(): void {
    open = false;
    socket.destroy();
    stream.destroy();
    wake();
  }

  // Deno's TLS socket takes all that the peer sends, whether read or not: it doesn't pause a stream
  // below it. So that stream flows only while a read waits.
  stream.pause();
  socket.on("readable", () => wake());
  socket.on("end", () => wake());
  socket.on("close", close);
  socket.on("error", close);
  // All that a server's socket says of a bad record; "error" is held back for a `tls.Server`.
  socket.on("_tlsError", close);

  return {
    peer,
    local,
    async read(into) {
      while (open) {
        const size = Math.min(into.length, socket.readableLength);
        // Also with nothing to take: that is what sets reading going and ends it.
        const chunk: Uint8Array | null = socket.read(size);
        if (chunk !== null) {
          into.set(chunk);
          return chunk.length;
        }
        if (socket.readableEnded) return null;
        const change = new Promise<void>((resolve) => wake = resolve);
        stream.resume();
        await change;
        stream.pause();
      }
      return null;
    },
    write(bytes) {
      return new Promise((resolve) => {
        if (!open) return resolve(false);
        socket.write(bytes, (error) => {
          // Deno reports no error of the stream below here.
          resolve(open && !error && !stream.errored);
        });
      });
    },
    [Symbol.dispose]() {
      if (!open) return;
      if (socket.writableLength > 0 || socket.writableEnded) return close();
      open = false;
      socket.once("finish", close);
      socket.end();
      wake();
    },
  };
}
