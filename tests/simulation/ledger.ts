import type { Message } from "../../src/queue/queue.ts";
import { formatMailbox } from "../../src/smtp/address.ts";
import type { Letter } from "./letters.ts";

/** Milliseconds for which mail is tried, as the program is told. */
export const GIVE_UP = 20 * 60_000;

/** What became of a try to send a letter, as its client saw it. */
export type Fate =
  /** Answered with 250: now it is the program's. */
  | "accepted"
  | "refused"
  /** It arrived whole, but the answer didn't. */
  | "unanswered"
  /** It never arrived whole. */
  | "cut short";

/** A try to send a letter. */
export interface Submission {
  readonly letter: Letter;
  /** The addresses of the recipients that were accepted. */
  readonly accepted: readonly string[];
  readonly fate: Fate;
}

/** A message that another server has got, to the last octet. */
export interface Reception {
  readonly domain: string;
  readonly from: string;
  readonly recipients: readonly string[];
  readonly text: string;
  /** When its MAIL came and when its last octet, milliseconds since the Unix epoch. */
  readonly begun: number;
  readonly at: number;
  /** Whether the server answered 250. */
  readonly taken: boolean;
  /** Whether the program has read that answer. */
  readonly isHeard: () => boolean;
  /** Whether the server said something in this session that made its answers ambiguous. */
  readonly lied: boolean;
}

/** All that was seen from outside: what the invariants are checked against. */
export class Ledger {
  readonly submissions = new Map<string, Submission>();
  readonly receptions: Reception[] = [];
  /** When the program crashed, milliseconds since the Unix epoch. */
  readonly crashes: number[] = [];
  /** Domains that gave a reason to bounce mail to them. */
  readonly hostile = new Set<string>();
  /** Tokens of messages whose commit failed and yet may have become durable. */
  readonly ghosts = new Set<string>();
  /** What was found to be wrong already while it happened. */
  readonly faults: string[] = [];
  readonly #queued = new Set<string>();
  readonly #givenUp = new Set<string>();
  readonly #tokens = new Map<string, string>();
  /** Addresses of others, each of one letter, whose settlement is durable. */
  readonly #settled = new Set<string>();

  /** The program says that it gave up a recipient, `after` so many milliseconds. */
  gaveUp(id: string, address: string, after: number): void {
    const what = this.tokenOf(id) ?? "report";
    if (after >= GIVE_UP) this.#givenUp.add(`${what} ${address}`);
    else this.faults.push(`${address} was given up after ${after} ms`);
  }

  /** Whether a report was tried in vain for as long as the settings want; nobody hears of that. */
  wasReportGivenUp(to: string): boolean {
    return this.#givenUp.has(`report ${to}`);
  }

  /** The program says that the octets of a message in the queue are gone, or some of them. */
  damaged(id: string): void {
    const token = this.tokenOf(id);
    if (token && !this.ghosts.has(token)) {
      this.faults.push(`${token} is in the queue without its octets`);
    }
  }

  /** Whether a recipient of a letter was tried for as long as the settings want. */
  wasGivenUp(token: string, address: string): boolean {
    return this.#givenUp.has(`${token} ${address}`);
  }

  /** A message is durable in the queue. */
  queued({ id, client }: Message): void {
    const token = client && tokenIn(client.helo);
    if (token) this.#tokens.set(id, token);
    if (token) this.#queued.add(token);
  }

  /** Whether a letter was durable in the queue, and so had to be seen to, answered or not. */
  wasQueued(token: string): boolean {
    return this.#queued.has(token);
  }

  /** Recipients of a letter are settled, durably. */
  settled(message: Message, recipients: readonly number[]): void {
    if (message.client === null) return;
    for (const number of recipients) {
      const address = message.recipients[number]?.address;
      if (address) this.#settled.add(formatMailbox(address));
    }
  }

  /** The program names a recipient to another server. */
  named(address: string): void {
    if (address.startsWith("r") && this.#settled.has(address)) {
      this.faults.push(`sent again to ${address}, which was settled`);
    }
  }

  /** The letter that a queue ID stands for; `undefined` for a report. */
  tokenOf(id: string): string | undefined {
    return this.#tokens.get(id);
  }

  crashedBetween(one: number, other: number): boolean {
    return this.crashes.some((at) => one <= at && at <= other);
  }
}

/** The token in a client's name. */
export function tokenIn(text: string): string | undefined {
  return /\b(t\d+)\.client\.example\b/.exec(text)?.[1];
}
