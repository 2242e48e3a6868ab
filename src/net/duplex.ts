import { Duplex } from "node:stream";
import type { Transport } from "./transport.ts";

/** Octets asked of the transport at a time while many come: about a TLS record. */
const LARGE = 16 * 1024;

/** Octets asked for while few come, which is all that a connection holds on to when it is idle. */
const SMALL = 2 * 1024;

/**
 * A transport as a Node stream, for `node:tls` to sit on. It takes from the transport only what its
 * reader has room for, and a write is done when the transport took it. Destroying it closes the
 * transport; it destroys itself when both directions have ended or the connection broke. A transport
 * can't be half-closed, so ending the stream sends nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { Transport } from "./transport.ts";
 * import { duplexOver } from "./duplex.ts";
 *
 * const pieces = ["220 mx.test.ru", " ready\r\n"];
 * const transport: Transport = {
 *   peer: { address: "192.0.2.1", port: 25 },
 *   local: { address: "192.0.2.2", port: 40000 },
 *   read(into) {
 *     const piece = pieces.shift();
 *     if (piece === undefined) return Promise.resolve(null);
 *     return Promise.resolve(new TextEncoder().encodeInto(piece, into).written);
 *   },
 *   write: () => Promise.resolve(true),
 *   [Symbol.dispose]() {},
 * };
 *
 * const stream = duplexOver(transport);
 * assertEquals(
 *   (await Array.fromAsync(stream)).join(""),
 *   "220 mx.test.ru ready\r\n",
 * );
 * ```
 */
export function duplexOver(transport: Transport): Duplex {
  let size = SMALL;
  const stream = new Duplex({
    readableHighWaterMark: LARGE,
    async read() {
      const buffer = new Uint8Array(size);
      const count = await transport.read(buffer);
      if (count !== null) size = count < SMALL ? SMALL : LARGE;
      stream.push(count === null ? null : buffer.subarray(0, count));
    },
    async write(bytes: Uint8Array<ArrayBuffer>, _encoding, done) {
      done(await transport.write(bytes) ? null : connectionBroke());
    },
    destroy(error, done) {
      transport[Symbol.dispose]();
      done(error);
    },
  });
  return stream;
}

/** By the code Node has for it. */
function connectionBroke(): Error {
  const error = new Error("Cannot send: the connection broke");
  return Object.assign(error, { code: "EPIPE" });
}
