/**
 * What a session knows and what can happen to it: the types that `guards.ts` (what is legal when)
 * and `transition.ts` (what happens then) are written in.
 */
import type { Mailbox } from "./address.ts";
import type { Parsed } from "./command.ts";
import type { MailParameters, RcptParameters } from "./extensions.ts";
import type { Framing, LineFault, TextFault } from "./framer.ts";
import type { Reply } from "./reply.ts";

/** What a session needs to know of the server it belongs to. */
export interface ServerConfig {
  /** The name we greet with, a domain or an address literal. */
  readonly hostname: string;
  /** Octets of the largest message taken. */
  readonly maxSize: number;
  /** Recipients of one transaction; RFC 5321 §4.5.3.1.8 wants 100 at least. */
  readonly maxRecipients: number;
  /** Protocol faults that a client may make before the session ends with 421. */
  readonly maxFaults: number;
  /** Whether STARTTLS works. */
  readonly tls: boolean;
  /** SASL mechanisms that work, in upper case: before TLS is on, and behind it. */
  readonly mechanisms: {
    readonly clear: readonly string[];
    readonly secure: readonly string[];
  };
  /** Whether mail is taken only from who has logged in (RFC 6409 §4.3). */
  readonly authRequired: boolean;
}

/** Who sends what to whom (RFC 5321 §2.3.1). */
export interface Envelope {
  /** The reverse-path; `null` for `<>`. */
  readonly from: Mailbox | null;
  readonly parameters: MailParameters;
  /** Recipients accepted so far, in the client's order. */
  readonly to: readonly EnvelopeRecipient[];
}

/** A recipient that was accepted. */
export interface EnvelopeRecipient extends RcptParameters {
  readonly mailbox: Mailbox;
}

/**
 * Something that only the outside world can decide. The answer is always a reply: 2xx yes, 334 and
 * 354 go on, 4xx and 5xx no; 421 is no, and ends the session.
 */
export type Question =
  /** May this client speak at all? The answer is the greeting; 421 sends it away at once. */
  | { readonly ask: "connect" }
  | {
    readonly ask: "mail";
    readonly from: Mailbox | null;
    readonly parameters: MailParameters;
  }
  | {
    readonly ask: "rcpt";
    readonly to: Mailbox;
    readonly parameters: RcptParameters;
    readonly envelope: Envelope;
  }
  /**
   * A SASL exchange starts. `response` is the initial one, as the client sent it: in base64, if the
   * client is right, and `=` for an empty one. An exchange that was going on is over: the client
   * has cancelled it, or sent what can't be read.
   */
  | {
    readonly ask: "auth";
    readonly mechanism: string;
    readonly response?: string;
  }
  /** The exchange goes on, with the client's response to what the last answer said. */
  | {
    readonly ask: "response";
    readonly mechanism: string;
    readonly response: string;
  }
  /** Is there room for this message now? From here on body effects follow. */
  | {
    readonly ask: "open";
    readonly envelope: Envelope;
    readonly via: "DATA" | "BDAT";
  }
  /**
   * The message is whole: make it durable. A 2xx answer takes responsibility for it; with any other
   * the world has dropped it, no `discard` follows.
   */
  | { readonly ask: "commit"; readonly envelope: Envelope };

/** A BDAT chunk on its way (RFC 3030 §2). */
export interface Chunk {
  /** Octets announced. */
  readonly size: number;
  /** Octets still to come. */
  readonly left: number;
  readonly last: boolean;
  /** The reply that refuses it at its end; its octets go nowhere. */
  readonly refusal?: Reply;
}

/** What the session is in the middle of. */
export type Phase =
  /** Waiting for a command. */
  | { readonly name: "command" }
  /** Waiting for an answer; a BDAT whose message is being opened waits with it. */
  | {
    readonly name: "asking";
    readonly question: Question;
    readonly chunk?: Chunk;
  }
  /** Waiting for the client's next SASL response. */
  | { readonly name: "auth"; readonly mechanism: string }
  /** In the text after DATA; with a refusal, in text that goes nowhere. */
  | { readonly name: "data"; readonly refusal?: Reply }
  /** In the octets after BDAT. */
  | ({ readonly name: "chunk" } & Chunk)
  /** The TLS handshake comes next. */
  | { readonly name: "handshake" }
  /** Over, for good. */
  | { readonly name: "closed" };

/** All that is known of a session. */
export interface State {
  readonly phase: Phase;
  /** Whether the greeting was a refusal, after which only QUIT is heard (RFC 5321 §3.1). */
  readonly unwelcome: boolean;
  /** The name given in EHLO or HELO; `undefined` before either. */
  readonly helo?: string;
  /** Whether it was EHLO. */
  readonly esmtp: boolean;
  /** Whether TLS is on. */
  readonly secure: boolean;
  readonly authenticated: boolean;
  /** Whether an AUTH was turned down, after which a stray line may well be a password. */
  readonly authRefused: boolean;
  /** The transaction that MAIL started. */
  readonly envelope?: Envelope;
  /**
   * Whether the last transaction failed at MAIL or in a chunk, so that what was pipelined behind that
   * is no fault.
   */
  readonly failed: boolean;
  /** Whether part of the message is out: from the first BDAT accepted to the end of it. */
  readonly chunking: boolean;
  /** Octets of the message so far. */
  readonly size: number;
  /** Protocol faults so far. */
  readonly faults: number;
}

/** What can happen to a session. */
export type Input =
  | { readonly on: "command"; readonly command: Parsed }
  /** A line in the middle of a SASL exchange. */
  | { readonly on: "response"; readonly text: string }
  | { readonly on: "bad line"; readonly fault: LineFault }
  /** So many octets of message came. */
  | { readonly on: "octets"; readonly count: number }
  /** The text or chunk is complete; `fault` says what is wrong with the text, if anything is. */
  | { readonly on: "end"; readonly fault: TextFault | undefined }
  | { readonly on: "answer"; readonly reply: Reply }
  /** The TLS handshake is done. */
  | { readonly on: "secured" }
  /** Octets were waiting behind STARTTLS. */
  | { readonly on: "injection" }
  | { readonly on: "timeout" }
  | { readonly on: "shutdown" }
  /** The client has to go, as the reply says. */
  | { readonly on: "dismissal"; readonly reply: Reply };

/** What an input leads to. */
export interface Step {
  readonly state: State;
  readonly reply?: Reply;
  /** The message that was begun goes nowhere, as the reply says: drop what there is of it. */
  readonly discard?: true;
}

/** A session that has just been connected. */
export const INITIAL: State = {
  phase: { name: "asking", question: { ask: "connect" } },
  unwelcome: false,
  esmtp: false,
  secure: false,
  authenticated: false,
  authRefused: false,
  failed: false,
  chunking: false,
  size: 0,
  faults: 0,
};

const LINE: Framing = { unit: "line" };
const DOTTED: Framing = { unit: "dotted" };

/** What the next octets mean follows from the state: there is no mode flag. */
export function framing({ phase, envelope }: State): Framing {
  switch (phase.name) {
    case "data":
      return DOTTED;
    case "chunk":
      return {
        unit: "octets",
        left: phase.left,
        text: phase.refusal === undefined &&
          envelope?.parameters.body !== "BINARYMIME",
      };
    default:
      return LINE;
  }
}
