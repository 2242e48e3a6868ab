/**
 * The start of a session, up to where mail can be sent: greeting, EHLO or HELO, TLS and once more
 * EHLO, authentication.
 */
import type { ClientEffect } from "./client_effect.ts";
import type { ClientStep } from "./client_step.ts";
import type { ClientCommand } from "./client_exchange.ts";
import {
  NO_EXTENSIONS,
  parseExtensions,
  type RemoteExtensions,
} from "./client_extensions.ts";
import * as words from "./client_outcome.ts";
import { ownVerdict, serverVerdict, type Verdict } from "./client_outcome.ts";
import type { Turn } from "./client_turn.ts";
import type { Reply } from "./reply.ts";

/** How to speak to a server. */
export interface ClientConfig {
  /** The name we give in EHLO and HELO: a domain or an address literal. */
  readonly hostname: string;
  /**
   * When to use TLS. "opportunistic": if STARTTLS is offered and not refused. "require": or else
   * every recipient is deferred. "implicit": from the first octet (RFC 8314 §3). Which certificate
   * will do is the shell's to decide, in the handshake.
   */
  readonly tls: "never" | "opportunistic" | "require" | "implicit";
  /** For a smarthost; without it there is no authentication. */
  readonly auth?: {
    /** SASL mechanisms in upper case, the best first. */
    readonly mechanisms: readonly string[];
    /** Whether to authenticate on a connection without TLS, which shows the password to all. */
    readonly inTheClear: boolean;
  };
}

/** What was agreed with the server. */
export interface ClientTerms {
  /** What it offers; nothing before EHLO. */
  readonly extensions: RemoteExtensions;
  /** Whether TLS is on, and whether the shell found the certificate to be the server's. */
  readonly tls: "off" | "unverified" | "verified";
  readonly authenticated: boolean;
}

/** Where the opening stands; entered in `proceed`, left by a reply or by the shell. */
type Stage =
  | { readonly name: "greeting" | "hello" | "starttls" | "handshake" | "ready" }
  | {
    readonly name: "auth";
    readonly mechanism: string;
    /** What the server asks; `undefined` before AUTH is sent. */
    readonly challenge?: string;
    /** Why the exchange is being cancelled, if it is. */
    readonly cancelled?: string;
  }
  | { readonly name: "failed"; readonly verdict: Verdict };

/** The opening of one session. */
export class ClientOpening {
  readonly #config: ClientConfig;
  #stage: Stage;
  #terms: ClientTerms = {
    extensions: NO_EXTENSIONS,
    tls: "off",
    authenticated: false,
  };
  #greeted = false;
  #esmtp = true;
  #tlsRefused = false;

  constructor(config: ClientConfig) {
    this.#config = config;
    this.#stage = {
      name: config.tls === "implicit" ? "handshake" : "greeting",
    };
  }

  /** What was agreed so far. */
  get terms(): ClientTerms {
    return this.#terms;
  }

  /** What the opening is in the middle of when no reply is expected. */
  get step(): ClientStep {
    const { name } = this.#stage;
    return name === "ready" || name === "failed" ? "hello" : name;
  }

  /** What comes next. To be asked only when no reply is expected. */
  proceed(): Turn {
    const stage = this.#stage;
    switch (stage.name) {
      case "greeting":
        return { do: "listen", at: "greeting" };
      case "hello": {
        const verb = this.#esmtp ? "EHLO" : "HELO";
        return send({ at: "hello", line: `${verb} ${this.#config.hostname}` });
      }
      case "starttls":
        return send({ at: "starttls", line: "STARTTLS" });
      case "handshake":
        return ask({ type: "handshake" });
      case "auth": {
        const { mechanism, challenge } = stage;
        return ask({
          type: "auth",
          mechanism,
          ...(challenge !== undefined && { challenge }),
        });
      }
      case "failed":
        return { do: "fail", verdict: stage.verdict };
      case "ready":
        return { do: "done" };
      default:
        return stage satisfies never;
    }
  }

  /** Takes the reply to a step. Returns `false` when no server may say that there. */
  onReply(at: ClientStep, reply: Reply): boolean {
    const yes = reply.code < 300;
    const no = reply.code >= 400;
    const refusal = serverVerdict(reply, "host", at);
    switch (at) {
      case "greeting":
        this.#greeted = true;
        if (yes) this.#stage = { name: "hello" };
        if (no) this.#fail(refusal);
        return yes || no;
      case "hello":
        if (yes) this.#learn(reply);
        if (no) this.#helloRefused(refusal);
        return yes || no;
      case "starttls":
        if (yes) this.#stage = { name: "handshake" };
        if (no) this.#startTlsRefused(refusal);
        return yes || no;
      case "auth":
        if (yes) this.#authenticated();
        if (no) this.#authRefused(refusal);
        return yes || no || this.#challenged(reply);
      default:
        throw new TypeError(`Cannot take a reply to "${at}" in an opening`);
    }
  }

  /** TLS is on: what was learnt in the clear is forgotten (RFC 3207 §4.2). */
  secured(verified: boolean): void {
    const tls = verified ? "verified" : "unverified";
    this.#terms = { ...this.#terms, extensions: NO_EXTENSIONS, tls };
    this.#esmtp = true;
    this.#stage = { name: this.#greeted ? "hello" : "greeting" };
  }

  /** The command that carries a response in base64, or none (RFC 4954 §4). */
  response(base64: string | undefined): ClientCommand {
    const { mechanism, challenge } = this.#authStage();
    if (challenge !== undefined) {
      const shown = "(SASL response, not shown)";
      return { at: "auth", line: base64 ?? "", shown };
    }
    const line = `AUTH ${mechanism}`;
    return base64 === undefined ? { at: "auth", line } : {
      at: "auth",
      // "=" stands for the empty response.
      line: `${line} ${base64 || "="}`,
      shown: `${line} (not shown)`,
    };
  }

  /** The command that cancels the exchange; none is needed before it has begun. */
  cancel(cause: string): ClientCommand | undefined {
    const stage = this.#authStage();
    if (stage.challenge === undefined) {
      this.#fail(ownVerdict(words.authGivenUp(cause), "host", "auth"));
      return undefined;
    }
    this.#stage = { ...stage, cancelled: cause };
    return { at: "auth", line: "*" };
  }

  #learn(reply: Reply): void {
    const extensions = this.#esmtp ? parseExtensions(reply) : NO_EXTENSIONS;
    this.#terms = { ...this.#terms, extensions };
    this.#stage = this.#afterHello();
  }

  /** RFC 5321 §3.2: who doesn't know EHLO, whatever 5xx says so, may know HELO. */
  #helloRefused(refusal: Verdict): void {
    if (this.#esmtp && refusal.status === "failed") this.#esmtp = false;
    else this.#fail(refusal);
  }

  /** TLS if it is wanted, then authentication if it is wanted, then mail. */
  #afterHello(): Stage {
    const { extensions, tls } = this.#terms;
    const { tls: policy, auth } = this.#config;
    if (tls === "off" && policy !== "never" && !this.#tlsRefused) {
      if (extensions.startTls) return { name: "starttls" };
      if (policy === "require") {
        return failed(ownVerdict(words.TLS_NOT_OFFERED, "host", "hello"));
      }
    }
    if (auth === undefined) return { name: "ready" };
    if (tls === "off" && !auth.inTheClear) {
      return failed(ownVerdict(words.AUTH_NEEDS_TLS, "host", "auth"));
    }
    const mechanism = auth.mechanisms.find((name) =>
      extensions.mechanisms.includes(name)
    );
    return mechanism === undefined
      ? failed(ownVerdict(words.NO_MECHANISM, "host", "auth"))
      : { name: "auth", mechanism };
  }

  #startTlsRefused(refusal: Verdict): void {
    if (this.#config.tls === "require") {
      this.#fail({ ...refusal, status: "deferred" });
    } else {
      this.#tlsRefused = true;
      this.#stage = this.#afterHello();
    }
  }

  #authenticated(): void {
    const { cancelled } = this.#authStage();
    if (cancelled !== undefined) return this.#givenUp(cancelled);
    this.#terms = { ...this.#terms, authenticated: true };
    this.#stage = { name: "ready" };
  }

  /** A refusal defers, even a permanent one: it is for us to mend, and the mail can wait. */
  #authRefused(refusal: Verdict): void {
    const { cancelled } = this.#authStage();
    if (cancelled !== undefined) return this.#givenUp(cancelled);
    this.#fail({ ...refusal, status: "deferred" });
  }

  #challenged({ code, text }: Reply): boolean {
    const stage = this.#authStage();
    if (code !== 334 || stage.cancelled !== undefined) return false;
    this.#stage = { ...stage, challenge: [text].flat().join("") };
    return true;
  }

  #givenUp(cause: string): void {
    this.#fail(ownVerdict(words.authGivenUp(cause), "host", "auth"));
  }

  #fail(verdict: Verdict): void {
    this.#stage = failed(verdict);
  }

  #authStage(): Stage & { readonly name: "auth" } {
    if (this.#stage.name === "auth") return this.#stage;
    throw new TypeError("Cannot authenticate: no exchange is going on");
  }
}

function failed(verdict: Verdict): Stage {
  return { name: "failed", verdict };
}

function send(command: ClientCommand): Turn {
  return { do: "send", commands: [command] };
}

function ask(effect: ClientEffect): Turn {
  return { do: "effect", effect };
}
