import { Buffer } from "node:buffer";
import type { End } from "./network.ts";
import type { World } from "./world.ts";

/** Text with a character for each octet, as octets. */
export function octetsOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/** Octets as text with a character for each. */
export function textOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString("latin1");
}

/**
 * A conversation as those have it who play the program's clients and servers. They know nothing of
 * the program's own code, so that no mistake is made on both sides.
 */
export class Talk {
  readonly end: End;
  readonly #world: World;
  /** Milliseconds after which the silence of the other side ends the conversation. */
  readonly #patience: number;
  readonly #buffer = new Uint8Array(8 * 1024);
  #heard = "";
  #sent = 0;

  constructor(world: World, end: End, patience: number) {
    this.#world = world;
    this.end = end;
    this.#patience = patience;
  }

  /** Octets said so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Says something; `false` when it was in vain. */
  async say(text: string): Promise<boolean> {
    this.#sent += text.length;
    return await this.#within(this.end.write(octetsOf(text))) ?? false;
  }

  /** All up to and with `mark`; `undefined` when it doesn't come. */
  async hear(mark: string): Promise<string | undefined> {
    for (let searched = 0;;) {
      const at = this.#heard.indexOf(mark, searched);
      if (at >= 0) return this.#cutOff(at + mark.length);
      searched = Math.max(0, this.#heard.length - mark.length);
      if (!await this.#more()) return undefined;
    }
  }

  /** So many octets; `undefined` when they don't come. */
  async take(octets: number): Promise<string | undefined> {
    while (this.#heard.length < octets) {
      if (!await this.#more()) return undefined;
    }
    return this.#cutOff(octets);
  }

  close(): void {
    this.end[Symbol.dispose]();
  }

  #cutOff(length: number): string {
    const text = this.#heard.slice(0, length);
    this.#heard = this.#heard.slice(length);
    return text;
  }

  async #more(): Promise<boolean> {
    const count = await this.#within(this.end.read(this.#buffer));
    if (typeof count !== "number") return false;
    this.#heard += textOf(this.#buffer.subarray(0, count));
    return true;
  }

  #within<Result>(work: Promise<Result>): Promise<Result | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#world.after(
        this.#patience,
        () => resolve(undefined),
      );
      work.then((result) => {
        cancel();
        resolve(result);
      });
    });
  }
}
