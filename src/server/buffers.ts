/** Octets of a buffer that a command is read into: many sessions wait for one, each with its own. */
export const COMMAND_BUFFER = 2 * 1024;

/** Octets of a buffer that a message is read into: few sessions read one at the same time. */
export const BODY_BUFFER = 64 * 1024;

/** Large buffers, lent while a message is read so that idle sessions hold none. */
export class BufferPool {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #keep: number;

  /** `keep` is how many buffers are kept for the next who asks. */
  constructor({ keep = 64 }: { readonly keep?: number } = {}) {
    this.#keep = keep;
  }

  /** Lends a buffer of {@linkcode BODY_BUFFER} octets, with anything in it. */
  lend(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(BODY_BUFFER);
  }

  /** Takes a buffer back that nobody writes to or reads from any more. */
  takeBack(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < this.#keep) this.#free.push(buffer);
  }
}
