/** A mail server over real sockets that follows a script: it says yes to all that isn't in it. */
import { once } from "node:events";
import { TLSSocket } from "node:tls";
import { duplexOver } from "../../src/net/duplex.ts";
import { tlsTransport } from "../../src/net/tls_transport.ts";
import { tcpTransport, type Transport } from "../../src/net/transport.ts";
import type { Identity } from "../net/certificates.ts";

/** What is said: lines without the last CRLF. */
export type Words = string;

/** What the server does then. */
export type Act =
  | Words
  /** Say it, if anything, and close the connection. */
  | { readonly close: Words }
  /** Say nothing until the other side closes. */
  | "silence";

/**
 * The command that is to be answered: `greeting`, a verb, `text` for the end of a message, `response`
 * for a line while AUTH goes on.
 */
export interface Cue {
  readonly line: string;
  /** How many of its kind came before, over this connection. */
  readonly count: number;
  /** How many connections came before. */
  readonly connection: number;
}

/** What the server does at each kind of command, at once or when it gets round to it. */
export type Script = Readonly<
  Record<string, Act | ((cue: Cue) => Act | Promise<Act>)>
>;

/** A connection as the server saw it. */
export interface Connection {
  /** Lines without CRLF; of a message only `(text)`. */
  readonly heard: string[];
  /** Messages, dot-stuffed as they came. */
  readonly messages: string[];
  /** Whether it is under TLS. */
  secure: boolean;
  closed: boolean;
}

/** A running server. */
export interface ScriptedServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly connections: readonly Connection[];
  /** Every message of every connection. */
  messages(): readonly string[];
  /** Resolves when the nth connection, counted from 0, has heard such a line. */
  heard(line: string, connection?: number): Promise<void>;
  /** Resolves when all connections are closed. */
  quiet(): Promise<void>;
}

/** Where a server listens, and how it is secured. */
export interface ScriptedOptions {
  /** 127.0.0.1 when absent. */
  readonly address?: string;
  /** A free one when absent. */
  readonly port?: number;
  /** What it shows after STARTTLS. */
  readonly identity?: Identity;
  /** Whether TLS begins at once. */
  readonly implicitTls?: boolean;
}

/** An EHLO answer that offers these. */
export function offering(...keywords: readonly string[]): Words {
  const lines = ["mx.test.ru", ...keywords];
  return lines.map((line, at) =>
    `250${at === lines.length - 1 ? " " : "-"}${line}`
  ).join("\r\n");
}

const DEFAULTS: Script = {
  greeting: "220 mx.test.ru ESMTP",
  EHLO: offering("PIPELINING"),
  HELO: "250 mx.test.ru",
  STARTTLS: "220 Go on",
  AUTH: "235 2.7.0 Welcome",
  RSET: "250 2.0.0 OK",
  MAIL: "250 2.1.0 OK",
  RCPT: "250 2.1.5 OK",
  DATA: "354 Go on",
  text: "250 2.0.0 Queued",
  QUIT: { close: "221 2.0.0 Bye" },
};

/** Starts a server. */
export function startScripted(
  script: Script = {},
  { address = "127.0.0.1", port = 0, identity, implicitTls = false }:
    ScriptedOptions = {},
): ScriptedServer {
  const listener = Deno.listen({ hostname: address, port });
  const connections: Connection[] = [];
  const open = new Set<Transport>();
  const changes = new EventTarget();
  const changed = () => changes.dispatchEvent(new Event("change"));
  const accepting = accept();

  return {
    address,
    port: listener.addr.port,
    connections,
    messages: () => connections.flatMap(({ messages }) => messages),
    heard: (line, connection = 0) =>
      until(() => connections[connection]?.heard.includes(line) ?? false),
    quiet: () => until(() => connections.every(({ closed }) => closed)),
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const transport of open) transport[Symbol.dispose]();
      await accepting;
    },
  };

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await once(changes, "change");
  }

  async function accept(): Promise<void> {
    const serving: Promise<void>[] = [];
    for await (const conn of listener) {
      conn.setNoDelay(true);
      const transport = tcpTransport(conn);
      open.add(transport);
      serving.push(
        serve(transport).finally(() => {
          transport[Symbol.dispose]();
          open.delete(transport);
          changed();
        }),
      );
    }
    await Promise.all(serving);
  }

  async function serve(transport: Transport): Promise<void> {
    const connection: Connection = {
      heard: [],
      messages: [],
      secure: false,
      closed: false,
    };
    const dialogue = new Dialogue(transport, {
      connection,
      number: connections.push(connection) - 1,
      script: { ...DEFAULTS, ...script },
      identity,
      changed,
    });
    await dialogue.run({ implicitTls });
    connection.closed = true;
  }
}

/** What one connection has to do with its server. */
interface Stage {
  readonly connection: Connection;
  /** How many connections came before. */
  readonly number: number;
  readonly script: Script;
  readonly identity: Identity | undefined;
  /** To be called when the connection has heard something. */
  readonly changed: () => void;
}

/** One connection, from the server's side. */
class Dialogue {
  readonly #below: Transport;
  readonly #stage: Stage;
  readonly #counts = new Map<string, number>();
  readonly #buffer = new Uint8Array(64 * 1024);
  #transport: Transport;
  #mode: Mode = "command";
  #input = "";

  constructor(transport: Transport, stage: Stage) {
    this.#below = transport;
    this.#transport = transport;
    this.#stage = stage;
  }

  async run({ implicitTls }: { readonly implicitTls: boolean }): Promise<void> {
    if (implicitTls) await this.#secure();
    for (
      let goesOn = await this.#act("greeting", "");
      goesOn;
      goesOn = await this.#hear()
    );
    this.#transport[Symbol.dispose]();
  }

  /** Takes one command and acts upon it; `false` when the connection is over. */
  async #hear(): Promise<boolean> {
    const mode = this.#mode;
    const unit = nextUnit(this.#input, mode);
    if (unit === undefined) return await this.#read();
    this.#input = this.#input.slice(unit.length);
    const { heard, messages } = this.#stage.connection;
    if (mode === "text") messages.push(unit);
    const line = mode === "text" ? "(text)" : unit.slice(0, -2);
    heard.push(line);
    this.#stage.changed();
    return await this.#act(
      mode === "command" ? line.split(" ")[0]! : mode,
      line,
    );
  }

  async #read(): Promise<boolean> {
    const count = await this.#transport.read(this.#buffer);
    if (count === null) return false;
    this.#input += LATIN1.decode(this.#buffer.subarray(0, count));
    return true;
  }

  async #act(kind: string, line: string): Promise<boolean> {
    const { script, number: connection } = this.#stage;
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    const entry = script[kind] ?? "500 What?";
    const act = typeof entry === "function"
      ? await entry({ line, count, connection })
      : entry;
    this.#mode = "command";
    if (act === "silence") {
      while (await this.#read());
      return false;
    }
    if (typeof act !== "string") {
      await this.#say(act.close);
      return false;
    }
    await this.#say(act);
    if (/(^|\n)354/.test(act)) this.#mode = "text";
    if (/(^|\n)334/.test(act)) this.#mode = "response";
    if (kind === "STARTTLS" && act.startsWith("220")) await this.#secure();
    return true;
  }

  async #say(words: Words): Promise<void> {
    if (words === "") return;
    await this.#transport.write(new TextEncoder().encode(`${words}\r\n`));
  }

  async #secure(): Promise<void> {
    const { identity, connection } = this.#stage;
    if (identity === undefined) throw new Error("There is no certificate");
    const transport = this.#below;
    const stream = duplexOver(transport);
    const socket = new TLSSocket(stream, { isServer: true, ...identity });
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.once("secure", () => {
      connection.secure = true;
      this.#transport = tlsTransport(socket, { transport, stream });
      resolve();
    });
    // A client that leaves in the handshake: the socket itself doesn't always notice.
    stream.once("close", resolve);
    stream.once("end", resolve);
    socket.on("error", () => {});
    await promise;
  }
}

/** What comes next. */
type Mode = "command" | "text" | "response";

const LATIN1 = new TextDecoder("latin1");

/** The next line, or all of a message, if it is there. */
function nextUnit(
  input: string,
  mode: Mode,
): string | undefined {
  if (mode !== "text") return /^.*?\r\n/s.exec(input)?.[0];
  if (input.startsWith(".\r\n")) return ".\r\n";
  const end = input.indexOf("\r\n.\r\n");
  return end < 0 ? undefined : input.slice(0, end + 5);
}
