/**
 * What went over the wire between a client's session and its server, counted plainly: the n-th reply
 * answers the n-th command, the greeting aside.
 */
import { assert, assertEquals } from "@std/assert";
import type { ClientEffect } from "../../src/smtp/client_effect.ts";
import type { Transaction } from "../../src/smtp/client_envelope.ts";
import type { Outcome } from "../../src/smtp/client_outcome.ts";
import { formatMailbox } from "../../src/smtp/address.ts";
import { widen } from "../transcripts/transcript.ts";

/** A command whose reply decides on something. */
interface Sent {
  readonly kind: "RCPT" | "DATA" | "chunk" | "end" | "STARTTLS" | "other";
  /** Which transaction it is part of. */
  readonly transaction: number;
  /** The address, of RCPT. */
  readonly address?: string;
}

/** The wire of one session. */
export class Wire {
  readonly #transactions: Transaction[] = [];
  readonly #sent: Sent[] = [];
  #received = "";
  /** Transactions that had their outcome. */
  #over = 0;
  /** Whether the server put octets behind its yes to STARTTLS. */
  #injected = false;
  /** All octets of the message, as they went. */
  #text = "";

  /** The session is given a message. */
  transaction(transaction: Transaction): void {
    this.#transactions.push(transaction);
  }

  /** What the session wants to do next: nothing, once it was tampered with. */
  mayDo(what: ClientEffect["type"]): void {
    if (!this.#injected) return;
    assert(what === "outcome" || what === "close", `${what} after injection`);
  }

  /** The session sends commands. */
  send(text: string): void {
    assert(text.endsWith("\r\n"), "half a line");
    // What is before the dot ends the last line of the message.
    if (/^(?:\r?\n)?\.\r\n$/.test(text)) {
      this.#sent.push({ kind: "end", transaction: this.#over });
      this.#endText(text);
      return;
    }
    for (const line of text.slice(0, -2).split("\r\n")) {
      assert(!/[\r\n\0]/.test(line), "a line that is two");
      this.#sent.push(this.#command(line));
    }
  }

  /** The session sends a piece of the message, in a chunk of its own or not. */
  text(octets: Uint8Array): void {
    const text = widen(octets);
    const chunk = /^BDAT (\d+)\r\n/.exec(text);
    if (!this.#isBinary) this.#text += text;
    else if (chunk === null) assertEquals(text, "");
    else {
      assertEquals(text.length, chunk[0].length + Number(chunk[1]));
      this.#sent.push({ kind: "chunk", transaction: this.#over });
    }
  }

  /** The server says something. */
  receive(text: string): void {
    const answered = this.#received === "" ? -1 : this.#replies().length;
    const starttls = this.#sent.at(-1)?.kind === "STARTTLS" &&
      answered === this.#sent.length - 1 && this.#received.endsWith("\n");
    this.#received += text;
    const [reply = "", ...behind] = text.split(/(?<=\n)/);
    this.#injected ||= starttls && /^2\d\d /.test(reply) && behind.length > 0;
  }

  /** TLS goes on: the server has said all that it may say before. */
  handshake(): void {
    const last = this.#replies().at(-1);
    assert(this.#sent.length === 0 || last !== undefined && last < 300);
  }

  /** The session says what became of a message. */
  outcome(outcomes: readonly Outcome[]): void {
    const transaction = this.#transactions[this.#over]!;
    for (const [index, { status }] of outcomes.entries()) {
      if (status !== "delivered") continue;
      const address = formatMailbox(transaction.recipients[index]!.address);
      for (const kind of this.#decisive) this.#assertYes(kind);
      this.#assertYes("RCPT", address);
    }
    this.#over++;
    this.#text = "";
  }

  get #isBinary(): boolean {
    return this.#transactions[this.#over]!.body === "BINARYMIME";
  }

  /** What must have been answered with yes for a message to be delivered. */
  get #decisive(): readonly Sent["kind"][] {
    return this.#isBinary ? ["end"] : ["DATA", "end"];
  }

  #assertYes(kind: Sent["kind"], address?: string): void {
    const at = this.#sent.findIndex((sent) =>
      sent.kind === kind && sent.transaction === this.#over &&
      sent.address === address
    );
    assert(at >= 0, `delivered without ${kind} ${address}`);
    const code = this.#replies()[at] ?? NaN;
    // RFC 5321 §4.3.2: the first digit is enough for a client.
    assert(
      Math.floor(code / 100) === (kind === "DATA" ? 3 : 2),
      `delivered though ${kind} ${address} was answered ${code}`,
    );
  }

  /** The codes of all replies, without that of the greeting. */
  #replies(): readonly number[] {
    return this.#received.split("\n").slice(0, -1)
      .filter((line) => /^\d{3}(?!-)/.test(line))
      .map((line) => Number(line.slice(0, 3)))
      .slice(1);
  }

  #command(line: string): Sent {
    const transaction = this.#over;
    if (line === "STARTTLS") return { kind: "STARTTLS", transaction };
    if (line === "DATA") return { kind: "DATA", transaction };
    if (line === "BDAT 0 LAST") return { kind: "end", transaction };
    const address = /^RCPT TO:<(.*?)>(?: |$)/.exec(line)?.[1];
    return address === undefined
      ? { kind: "other", transaction }
      : { kind: "RCPT", transaction, address };
  }

  /** What a strict server and a careless one make of the text must be the same. */
  #endText(end: string): void {
    const text = `\r\n${this.#text}${end}`;
    assert(!/\r(?!\n)|(?<!\r)\n/.test(text), "a CR or LF that stands alone");
    assertEquals(text.indexOf("\r\n.\r\n"), text.length - 5, "smuggled");
  }
}
