/** A ClientSession played against a server that follows a script. */
import { ClientSession } from "../../src/smtp/client.ts";
import type { ClientConfig } from "../../src/smtp/client_opening.ts";
import type { Transaction } from "../../src/smtp/client_envelope.ts";
import type { Outcome } from "../../src/smtp/client_outcome.ts";

export const ENCODER = new TextEncoder();
export const DECODER = new TextDecoder();

/** What the server does: say this, be silent for good, or close the connection after saying it. */
export type Act = string | { readonly silent: true } | {
  readonly close: string;
};

export const STALL: Act = { silent: true };
export const DROP: Act = { close: "" };

/**
 * What the server does at the n-th command of a kind. "text" is the end of the message, "BDAT" a
 * chunk, "response" a line while AUTH goes on.
 */
export type Script = Readonly<Record<string, Act | readonly Act[]>>;

const DEFAULTS: Script = {
  greeting: "220 mx.test ESMTP",
  EHLO: "250 mx.test",
  HELO: "250 mx.test",
  STARTTLS: "220 Go on",
  RSET: "250 2.0.0 OK",
  MAIL: "250 2.1.0 OK",
  RCPT: "250 2.1.5 OK",
  DATA: "354 Go",
  text: "250 2.0.0 Queued",
  BDAT: "250 2.0.0 OK",
  QUIT: "221 2.0.0 Bye",
};

/** An EHLO answer that offers these. */
export function offering(...keywords: readonly string[]): string {
  const lines = ["mx.test", ...keywords];
  return lines.map((line, index) =>
    `250${index === lines.length - 1 ? " " : "-"}${line}`
  ).join("\r\n");
}

/** The server's side: commands in, octets out, by a script. */
class ScriptedServer {
  readonly #script: Script;
  readonly #seen = new Map<string, number>();
  #input = "";
  #mode: "line" | "text" | "response" | "silent" = "line";
  #chunk = 0;
  /** Octets to say. */
  output = "";
  closed = false;
  /** The commands, and the messages, that came; a message is one entry. */
  readonly heard: string[] = [];

  constructor(script: Script) {
    this.#script = { ...DEFAULTS, ...script };
    this.#act("greeting");
  }

  take(text: string): void {
    if (this.closed) return;
    this.#input += text;
    for (;;) {
      const unit = this.#unit();
      if (unit === undefined) return;
      this.#input = this.#input.slice(unit.length);
      this.heard.push(unit);
      if (this.#mode === "text") this.#act("text");
      else if (this.#mode === "response") this.#act("response");
      else if (this.#chunk > 0) this.#chunk = 0;
      else this.#command(unit);
    }
  }

  /** The next line, message or chunk, if all of it is there. */
  #unit(): string | undefined {
    const input = this.#input;
    if (this.#chunk > 0) {
      return input.length < this.#chunk
        ? undefined
        : input.slice(0, this.#chunk);
    }
    if (this.#mode !== "text") return /^.*?\r\n/s.exec(input)?.[0];
    return input.startsWith(".\r\n")
      ? ".\r\n"
      : /^.*?\r\n\.\r\n/s.exec(input)?.[0];
  }

  #command(line: string): void {
    const verb = line.slice(0, 4);
    if (verb === "BDAT") this.#chunk = Number(/\d+/.exec(line));
    this.#act(line.startsWith("STARTTLS") ? "STARTTLS" : verb);
  }

  #act(kind: string): void {
    if (this.closed || this.#mode === "silent") return;
    const count = this.#seen.get(kind) ?? 0;
    this.#seen.set(kind, count + 1);
    const entry = this.#script[kind] ?? "500 What?";
    const acts: readonly Act[] = entry instanceof Array ? entry : [entry];
    const act = acts[Math.min(count, acts.length - 1)]!;
    this.#mode = "line";
    if (typeof act === "string") {
      this.output += `${act}\r\n`;
      if (/(^|\n)354/.test(act)) this.#mode = "text";
      if (/(^|\n)334/.test(act)) this.#mode = "response";
    } else if ("close" in act) {
      this.output += act.close === "" ? "" : `${act.close}\r\n`;
      this.closed = true;
    } else {
      this.#mode = "silent";
    }
  }
}

/** What a play is made of; whatever isn't given is plain. */
export interface Play {
  readonly config?: Partial<ClientConfig>;
  /** One after the other, over one connection. */
  readonly transactions?: readonly Transaction[];
  /** The text of every message. */
  readonly text?: string;
  readonly script?: Script;
  /** Octets at a time, both ways. */
  readonly cut?: number;
  /** What the handshake comes to. */
  readonly handshake?: "verified" | "unverified" | { readonly broken: string };
  /** Answers to `auth` effects in turn; `null` cancels. */
  readonly responses?: readonly (string | undefined | null)[];
}

/** What came of a play. */
export interface Played {
  /** What the server heard, each line without its CRLF. */
  readonly heard: readonly string[];
  /** Outcomes of each transaction. */
  readonly outcomes: readonly (readonly Outcome[])[];
  /** Types of the effects, but for reads and writes. */
  readonly effects: readonly string[];
  /** Text of each write. */
  readonly writes: readonly string[];
  readonly dialogue: readonly string[];
  /** Challenges of the `auth` effects. */
  readonly challenges: readonly (string | undefined)[];
  readonly session: ClientSession;
}

const EFFECT_LIMIT = 100_000;

/** Plays a session to its end. Throws when it doesn't come to one. */
export function play({
  config = {},
  transactions = [to("petya@test.ru")],
  text = "Subject: Hi\r\n\r\nHi\r\n",
  script = {},
  cut = Infinity,
  handshake = "verified",
  responses = [],
}: Play): Played {
  const session = new ClientSession({
    hostname: "me.test",
    tls: "never",
    ...config,
  });
  const server = new ScriptedServer(script);
  const waiting = [...transactions];
  const answers = [...responses];
  const body = ENCODER.encode(text);
  const outcomes: (readonly Outcome[])[] = [];
  const effects: string[] = [];
  const writes: string[] = [];
  const dialogue: string[] = [];
  const challenges: (string | undefined)[] = [];
  let sent = 0;
  const first = waiting.shift();
  if (first) session.send(first);
  for (let count = 0; count < EFFECT_LIMIT; count++) {
    const effect = session.next();
    dialogue.push(...session.takeDialogue());
    if (effect.type !== "read" && effect.type !== "write") {
      effects.push(effect.type);
    }
    switch (effect.type) {
      case "read":
        if (server.output !== "") {
          session.receive(ENCODER.encode(server.output.slice(0, cut)));
          server.output = server.output.slice(cut);
        } else if (server.closed) session.lost("EOF");
        else session.timeout();
        break;
      case "write":
        writes.push(effect.text);
        server.take(effect.text);
        break;
      case "body":
        if (sent < body.length) {
          const piece = body.slice(sent, sent + cut);
          sent += piece.length;
          server.take(DECODER.decode(session.stuff(piece)));
        } else {
          sent = 0;
          session.bodyDone();
        }
        break;
      case "handshake":
        if (typeof handshake === "object") {
          session.handshakeFailed(handshake.broken);
        } else session.secured({ verified: handshake === "verified" });
        break;
      case "auth": {
        challenges.push(effect.challenge);
        const answer = answers.shift();
        if (answer === null) session.cancel("no password");
        else session.response(answer);
        break;
      }
      case "outcome":
        outcomes.push(effect.outcomes);
        break;
      case "idle": {
        const next = waiting.shift();
        if (next) session.send(next);
        else session.quit();
        break;
      }
      case "close": {
        const heard = server.heard.map((unit) => unit.replace(/\r\n$/, ""));
        return {
          heard,
          outcomes,
          effects,
          writes,
          dialogue,
          challenges,
          session,
        };
      }
      default:
        effect satisfies never;
    }
  }
  throw new Error(`The session did not end: ${dialogue.slice(-20).join("\n")}`);
}

/** A transaction from `vasya@another.test` to these addresses. */
export function to(...addresses: readonly string[]): Transaction {
  return {
    from: { local: "vasya", domain: "another.test" },
    recipients: addresses.map((address, number) => {
      const [local, domain] = address.split("@");
      return { number, address: { local: local!, domain: domain! } };
    }),
    size: 19,
    body: "7BIT",
    smtputf8: false,
  };
}

/** Outcomes in short: `deferred host mail 450`, with `us` or `soon` behind where it is so. */
export function brief(outcomes: readonly Outcome[] = []): readonly string[] {
  return outcomes.map(({ status, scope, at, reply, by, soon }) =>
    [
      status,
      scope,
      at,
      reply.code,
      ...(reply.status && by === "us" ? [reply.status] : []),
      ...(soon ? ["soon"] : []),
    ].join(" ")
  );
}
