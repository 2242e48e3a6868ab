import type { Failed } from "./dial.ts";
import {
  LONGEST_PROXY_HEADER,
  type PassedOn,
  readProxyHeader,
} from "./proxy_protocol.ts";
import type { Transport } from "./transport.ts";

/**
 * Reads the PROXY header that a trusted proxy begins its connection with. What comes back is the
 * connection as if there were no proxy: its ends are those that the header names, and its first
 * octets are those behind the header. From here on only that may be used.
 *
 * A connection without a header fails, as the proxy's own rights are none of its clients'. When it
 * fails the connection is closed. How long it may take is for the caller to bound, by closing
 * `transport`, which makes it fail. Never throws.
 */
export async function behindProxy(
  transport: Transport,
): Promise<Transport | Failed> {
  const buffer = new Uint8Array(LONGEST_PROXY_HEADER);
  let filled = 0;
  for (;;) {
    const header = readProxyHeader(buffer.subarray(0, filled));
    switch (header.kind) {
      case "header": {
        const early = buffer.slice(header.length, filled);
        return passedOn(transport, header.passedOn, early);
      }
      case "bad":
        return fail(transport, header.why);
      case "more": {
        const count = await transport.read(buffer.subarray(filled));
        if (count === null) return fail(transport, "no whole PROXY header");
        filled += count;
        break;
      }
      default:
        return header satisfies never;
    }
  }
}

function fail(transport: Transport, why: string): Failed {
  transport[Symbol.dispose]();
  return { failed: why };
}

/** A connection whose first octets, `early`, were read already. */
function passedOn(
  transport: Transport,
  ends: PassedOn | undefined,
  early: Uint8Array<ArrayBuffer>,
): Transport {
  return {
    peer: ends?.client ?? transport.peer,
    local: ends?.server ?? transport.local,
    read(into) {
      if (early.length === 0) return transport.read(into);
      const piece = early.subarray(0, into.length);
      into.set(piece);
      early = early.subarray(piece.length);
      return Promise.resolve(piece.length);
    },
    write: (bytes) => transport.write(bytes),
    [Symbol.dispose]() {
      early = early.subarray(early.length);
      transport[Symbol.dispose]();
    },
  };
}
