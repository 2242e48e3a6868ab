import { hasEightBit } from "../message/eight_bit.ts";
import { HopCounter } from "../message/hops.ts";
import type { Submission } from "../message/submission.ts";
import type { Content } from "../ports/content.ts";
import type { Draft } from "../queue/spool.ts";

/** What a message on its way in starts with. */
export interface IncomingOptions {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly receivedAt: number;
  readonly draft: Draft;
  /** Whether the SMTPUTF8 parameter was given. */
  readonly smtputf8: boolean;
  /** Mends what a mail client left to us; `undefined` for what other servers send. */
  readonly submission: Submission | undefined;
}

/** A message on its way in, from its trace line to its last octet. */
export class Incoming {
  readonly id: string;
  readonly receivedAt: number;
  readonly #draft: Draft;
  readonly #smtputf8: boolean;
  readonly #submission: Submission | undefined;
  readonly #hops = new HopCounter();
  #eightBit = false;
  #size = 0;

  constructor(options: IncomingOptions) {
    this.id = options.id;
    this.receivedAt = options.receivedAt;
    this.#draft = options.draft;
    this.#smtputf8 = options.smtputf8;
    this.#submission = options.submission;
  }

  /** Octets so far, our trace line included. */
  get size(): number {
    return this.#size;
  }

  /** Servers that it has been through, by its trace lines, ours left out. */
  get hops(): number {
    return this.#hops.hops;
  }

  /** Whether it has octets beyond ASCII, as far as SMTPUTF8 makes that matter. */
  get eightBit(): boolean {
    return this.#eightBit;
  }

  /** Puts our trace line on top. Rejects when the disk does. */
  trace(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    return this.#store(bytes);
  }

  /** Adds what the client sends. Rejects when the disk does. */
  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    this.#hops.scan(bytes);
    return this.#submission === undefined
      ? this.#store(bytes)
      : this.#storeAll(this.#submission.push(bytes));
  }

  /** The whole of it. Throws when the disk does. */
  async finish(): Promise<Content> {
    const rest = this.#submission?.end();
    if (rest !== undefined && rest.length > 0) await this.#store(rest);
    return await this.#draft.finish();
  }

  /** Forgets it. Never throws; twice is once. */
  async discard(): Promise<void> {
    await this.#draft.discard();
  }

  async #storeAll(pieces: Iterable<Uint8Array<ArrayBuffer>>): Promise<void> {
    for (const piece of pieces) await this.#store(piece);
  }

  /** What it holds of the message is given back at once when the disk throws. */
  #store(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    this.#size += bytes.length;
    this.#eightBit ||= this.#smtputf8 && hasEightBit(bytes);
    return this.#draft.append(bytes)?.catch(async (cause: unknown) => {
      await this.#draft.discard();
      throw cause;
    });
  }
}
