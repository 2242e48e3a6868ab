/** What a pool lends. */
export interface BufferPoolOptions {
  /** Octets of each buffer. */
  readonly octets: number;
  /** How many buffers are kept for the next who asks. */
  readonly keep?: number;
}

/**
 * Buffers that are lent for as long as they are needed, so that whoever waits holds none. To make one
 * takes longer than to fill it with four thousand octets, and to clear it away as long again.
 */
export class BufferPool {
  /** Octets of each buffer. */
  readonly octets: number;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #keep: number;

  constructor({ octets, keep = 64 }: BufferPoolOptions) {
    this.octets = octets;
    this.#keep = keep;
  }

  /** Lends a buffer, with anything in it. */
  lend(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(this.octets);
  }

  /** Takes a buffer back that nobody writes to or reads from any more. */
  takeBack(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < this.#keep) this.#free.push(buffer);
  }
}
