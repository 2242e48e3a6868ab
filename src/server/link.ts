import type { Failed } from "../net/dial.ts";
import {
  type ChooseCertificate,
  type SecuredClient,
  secureServer,
} from "../net/tls_server.ts";
import type { Transport } from "../net/transport.ts";
import { BufferPool } from "../ports/buffers.ts";
import type { Interruption, TimeLimits, Waiter } from "../ports/time_limits.ts";
import { givenUp } from "./interruption.ts";

/** What a link takes. */
export interface LinkServices {
  readonly timeLimits: TimeLimits;
  readonly buffers: LinkBuffers;
  /** Milliseconds that a client may take over a command, {@linkcode PACE} octets or a reply. */
  readonly timeout: number;
}

/** What is lent to links while they need it; those that wait hold none of it. */
export interface LinkBuffers {
  /** For much that is read at once. */
  readonly large: BufferPool;
  /** For replies. */
  readonly replies: BufferPool;
}

/**
 * Octets of a buffer that a session waits with: thousands do so, each with its own. Most commands fit,
 * and who sends more gets a larger buffer for the rest.
 */
const SMALL_BUFFER = 256;

/** Octets of a buffer that much is read into: few sessions do so at the same time. */
export const LARGE_BUFFER = 64 * 1024;

/** Octets of a buffer that replies are written from; what may be longer gets one of its own. */
const REPLY_BUFFER = 1024;

/** UTF-8 has no more octets for a UTF-16 unit. */
const OCTETS_A_UNIT = 3;

/** Makes what links borrow from. */
export function makeLinkBuffers(): LinkBuffers {
  return {
    large: new BufferPool({ octets: LARGE_BUFFER }),
    replies: new BufferPool({ octets: REPLY_BUFFER }),
  };
}

/** What a connection was secured with. */
export type Secured = Omit<SecuredClient, "transport">;

/** Milliseconds that a client who has to go may take to hear so. */
export const LAST_WORD = 1_000;

/** Octets of message that a client must send within the time limit, to be heard any longer. */
const PACE = 4096;

/** Milliseconds that a TLS handshake may take. */
const HANDSHAKE_LIMIT = 30_000;

/** Octets of commands that are read at a time. */
const COMMANDS = 2 * 1024;

/** Characters of commands and replies, more than any client needs until it gets something done. */
const LONG_TALK = 64 * 1024;

/** Milliseconds that a client has to rest before each small read once it has talked for so long. */
const REST = 500;

/**
 * What goes to and fro between a client and us, within the time that the client has for it. When it
 * was waited for in vain, it has {@linkcode LAST_WORD} milliseconds to take what is still to be said.
 */
export class Link implements Disposable {
  #transport: Transport;
  readonly #buffers: LinkBuffers;
  readonly #timeout: number;
  readonly #waiter: Waiter;
  readonly #smallBuffer = new Uint8Array(SMALL_BUFFER);
  /** Lent while much comes in; its reader may still look at it between two reads. */
  #largeBuffer: Uint8Array<ArrayBuffer> | undefined;
  /** Whether what was read last filled its buffer, so that there is more. */
  #more = false;
  /** A read into the small buffer that began before its time. */
  #earlyRead: Promise<number | null> | undefined;
  /** Octets of message since the client was last seen to get on. */
  #pace = 0;
  /** Characters of commands and replies since the client last got something done. */
  #talk = 0;
  /** Milliseconds that it has rested since it was last answered. */
  #rested = 0;
  #leaving = false;

  constructor(
    transport: Transport,
    { timeLimits, buffers, timeout }: LinkServices,
  ) {
    this.#transport = transport;
    this.#buffers = buffers;
    this.#timeout = timeout;
    this.#waiter = timeLimits.waiter();
  }

  /** What the client sends next, valid until the next call; `null` when it is gone. */
  async read(
    wait: "command" | "body",
  ): Promise<Uint8Array<ArrayBuffer> | Interruption | null> {
    const slowly = wait === "command" && this.#talk > LONG_TALK;
    if (slowly) {
      const disturbed = await this.#rest();
      if (disturbed !== undefined) return disturbed;
    }
    const buffer = wait === "body"
      ? this.#large()
      : this.#more && !slowly
      ? this.#large().subarray(0, COMMANDS)
      : this.#small();
    const reading = this.#earlyRead ?? this.#transport.read(buffer);
    this.#earlyRead = undefined;
    const count = await this.#waiter.wait(reading, this.#timeout, {
      // A message that is on its way may still arrive while the server stops.
      stoppable: wait === "command",
    });
    if (count === null) return null;
    if (typeof count === "number") {
      if (wait === "body") this.#count(count);
      else this.#talk += count;
      this.#more = count === buffer.length;
      return buffer.subarray(0, count);
    }
    // The read goes on until the connection is closed and may write into the buffer.
    this.#largeBuffer = undefined;
    this.#leaving = true;
    return count;
  }

  /** Sends. Returns whether the client took it. */
  async write(text: string): Promise<boolean> {
    // There is an answer only to what came whole.
    this.#waiter.progress();
    const buffer = text.length * OCTETS_A_UNIT <= REPLY_BUFFER
      ? this.#buffers.replies.lend()
      : undefined;
    const written = await this.#waiter.wait(
      this.#transport.write(encoded(text, buffer)),
      this.#leaving ? LAST_WORD : this.#timeout,
    );
    this.#waiter.progress();
    // A write that was given up goes on until the connection is closed, and reads from the buffer.
    if (buffer && written === true) this.#buffers.replies.takeBack(buffer);
    this.#talk += text.length;
    this.#rested = 0;
    return written === true;
  }

  /** Takes note that the client got something done. */
  gotOn(): void {
    this.#talk = 0;
  }

  /**
   * Whether the client says something in so many milliseconds, which is to be read then as ever;
   * "stop" when the server stops.
   */
  async speaksWithin(milliseconds: number): Promise<boolean | "stop"> {
    this.#earlyRead = this.#transport.read(this.#smallBuffer);
    const count = await this.#waiter.wait(this.#earlyRead, milliseconds, {
      stoppable: true,
      // It is we who keep the client waiting.
      evictable: false,
    });
    this.#leaving = count === "stop";
    return count === "stop" ? count : typeof count === "number";
  }

  /** Does a TLS handshake with the client. If it fails, the link is of no more use. */
  async secure(choose: ChooseCertificate): Promise<Secured | Failed> {
    this.#waiter.progress();
    const secured = await this.#waiter.wait(
      secureServer(this.#transport, choose),
      HANDSHAKE_LIMIT,
      { stoppable: true },
    );
    this.#waiter.progress();
    if (typeof secured === "string") return givenUp(secured);
    if ("failed" in secured) return secured;
    const { transport, ...facts } = secured;
    this.#transport = transport;
    return facts;
  }

  /** Closes the connection, whatever goes on there. */
  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
    this.#waiter[Symbol.dispose]();
    this.#giveBack();
  }

  /**
   * Lets all others have their turn before a client is heard that has talked for long: with NOOPs one
   * could keep a core busy. Returns what ends the session meanwhile, if anything.
   */
  async #rest(): Promise<Interruption | undefined> {
    const over = await this.#waiter.wait(new Promise<never>(() => {}), REST, {
      stoppable: true,
    });
    this.#rested += REST;
    if (over === "timeout" && this.#rested < this.#timeout) return undefined;
    this.#leaving = true;
    return over;
  }

  #large(): Uint8Array<ArrayBuffer> {
    return this.#largeBuffer ??= this.#buffers.large.lend();
  }

  #small(): Uint8Array<ArrayBuffer> {
    this.#giveBack();
    return this.#smallBuffer;
  }

  #giveBack(): void {
    if (this.#largeBuffer) this.#buffers.large.takeBack(this.#largeBuffer);
    this.#largeBuffer = undefined;
  }

  #count(octets: number): void {
    this.#pace += octets;
    if (this.#pace < PACE) return;
    this.#pace = 0;
    this.#waiter.progress();
  }
}

/** The text's octets, in the buffer if there is one. */
function encoded(
  text: string,
  buffer: Uint8Array<ArrayBuffer> | undefined,
): Uint8Array<ArrayBuffer> {
  if (buffer === undefined) return encoder.encode(text);
  return buffer.subarray(0, encoder.encodeInto(text, buffer).written);
}

const encoder = new TextEncoder();
