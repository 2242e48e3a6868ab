/**
 * Octets of a buffer that a session waits with: thousands do so, each with its own. Most commands fit,
 * and who sends more gets a larger buffer for the rest.
 */
export const SMALL_BUFFER = 256;

/** Octets of a buffer that much is read into: few sessions do so at the same time. */
export const LARGE_BUFFER = 64 * 1024;

/** Large buffers, lent while much is read so that idle sessions hold none. */
export class BufferPool {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #keep: number;

  /** `keep` is how many buffers are kept for the next who asks. */
  constructor({ keep = 64 }: { readonly keep?: number } = {}) {
    this.#keep = keep;
  }

  /** Lends a buffer of {@linkcode LARGE_BUFFER} octets, with anything in it. */
  lend(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(LARGE_BUFFER);
  }

  /** Takes a buffer back that nobody writes to or reads from any more. */
  takeBack(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < this.#keep) this.#free.push(buffer);
  }
}
