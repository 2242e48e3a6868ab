import type { Endpoint, Transport } from "../../src/net/transport.ts";

/** One end of a connection that never leaves memory. */
export interface MemoryTransport extends Transport {
  /** Octets that this end has read. */
  readonly taken: number;
}

/**
 * Two ends of a connection. A write is done when the other end has read it all, so that nothing is
 * on its way unseen. Closing one end breaks the connection for both.
 */
export function memoryTransports(): readonly [
  MemoryTransport,
  MemoryTransport,
] {
  const there = new Direction();
  const back = new Direction();
  return [end(there, back), end(back, there)];
}

/** A transport that reads `pieces`, then the end; what is written to it is kept nowhere. */
export function scriptedTransport(
  pieces: Iterable<Uint8Array>,
  changes: Partial<Transport> = {},
): Transport {
  const rest = pieces[Symbol.iterator]();
  return {
    peer: NOWHERE,
    local: NOWHERE,
    read(into) {
      const { done, value } = rest.next();
      if (done) return Promise.resolve(null);
      into.set(value);
      return Promise.resolve(value.length);
    },
    write: () => Promise.resolve(true),
    [Symbol.dispose]() {},
    ...changes,
  };
}

const NOWHERE: Endpoint = { address: "192.0.2.1", port: 25 };

function end(inward: Direction, outward: Direction): MemoryTransport {
  let taken = 0;
  return {
    peer: NOWHERE,
    local: NOWHERE,
    get taken() {
      return taken;
    },
    async read(into) {
      const count = await inward.read(into);
      taken += count ?? 0;
      return count;
    },
    write: (bytes) => outward.write(bytes),
    [Symbol.dispose]() {
      inward.close();
      outward.close();
    },
  };
}

class Direction {
  #open = true;
  #waiting = new Uint8Array();
  #changed = () => {};

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#waiting.length === 0) {
      if (!this.#open) return null;
      await this.#change();
    }
    const piece = this.#waiting.subarray(0, into.length);
    into.set(piece);
    this.#waiting = this.#waiting.subarray(piece.length);
    this.#wakeAll();
    return piece.length;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    if (!this.#open) return false;
    this.#waiting = bytes;
    this.#wakeAll();
    while (this.#open && this.#waiting.length > 0) await this.#change();
    return this.#open;
  }

  close(): void {
    this.#open = false;
    this.#waiting = new Uint8Array();
    this.#wakeAll();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const others = this.#changed;
      this.#changed = () => {
        others();
        resolve();
      };
    });
  }

  #wakeAll(): void {
    const wake = this.#changed;
    this.#changed = () => {};
    wake();
  }
}
