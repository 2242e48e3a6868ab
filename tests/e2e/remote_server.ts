/** A server elsewhere that mail is sent to: it follows a script and remembers what it took on. */
import {
  type Act,
  type Cue,
  type Script,
  type ScriptedServer,
  startScripted,
} from "../delivery/scripted_server.ts";
import { eventually } from "./patience.ts";
import { HOST } from "./program.ts";

/** A message that the server said yes to. */
export interface Letter {
  /** The reverse-path, without brackets. */
  readonly from: string;
  /** The recipients that were accepted, without brackets. */
  readonly to: readonly string[];
  /** The message, its dots unstuffed, each octet a character of its own. */
  readonly text: string;
}

/** A running server; it may be disposed of twice. */
export interface RemoteServer extends AsyncDisposable {
  readonly port: number;
  /** What it took on, in the order it did. */
  readonly letters: readonly Letter[];
  /** Every connection it had, and what was said in it. */
  readonly connections: ScriptedServer["connections"];
  /** Waits until it has taken on so many letters. */
  took(count: number): Promise<void>;
  /** Waits until all connections are closed. */
  quiet(): Promise<void>;
}

/** What a server says that takes on everything. */
export const YES = {
  MAIL: "250 2.1.0 OK",
  RCPT: "250 2.1.5 OK",
  text: "250 2.0.0 Queued",
} as const;

/** Starts a server; what is not in its script it says yes to. */
export function startRemote(
  script: Script = {},
  { address = HOST, port = 0 }: {
    readonly address?: string;
    readonly port?: number;
  } = {},
): RemoteServer {
  const letters: Letter[] = [];
  let closing: PromiseLike<void> | undefined;
  const envelopes: { from: string; to: string[] }[] = [];
  const server: ScriptedServer = startScripted({
    ...script,
    MAIL: observed("MAIL", ({ line, connection }) => {
      envelopes[connection] = { from: pathOf(line), to: [] };
    }),
    RCPT: observed("RCPT", ({ line, connection }) => {
      envelopes[connection]?.to.push(pathOf(line));
    }),
    text: observed("text", ({ connection }) => {
      const { messages } = server.connections[connection]!;
      const text = unstuffed(messages.at(-1)!);
      letters.push({ ...envelopes[connection]!, text });
    }),
  }, { address, port });

  return {
    port: server.port,
    letters,
    connections: server.connections,
    took: (count) =>
      eventually(() => letters.length >= count, `${count} letters`),
    quiet: () =>
      eventually(
        () => server.connections.every(({ closed }) => closed),
        "the connections to be closed",
      ),
    [Symbol.asyncDispose]: () => closing ??= server[Symbol.asyncDispose](),
  };

  /** What the script says, of which `note` is told when it is a yes. */
  function observed(
    kind: keyof typeof YES,
    note: (cue: Cue) => void,
  ): (cue: Cue) => Promise<Act> {
    const entry = script[kind] ?? YES[kind];
    return async (cue) => {
      const act = typeof entry === "function" ? await entry(cue) : entry;
      if (typeof act === "string" && act.startsWith("2")) note(cue);
      return act;
    };
  }
}

/** A port that nobody listens on, for now, at any of these addresses. */
export function freePort(...addresses: readonly string[]): number {
  for (;;) {
    using listeners = new DisposableStack();
    const { port } = listeners.use(listen(HOST, 0)).addr;
    try {
      for (const address of addresses) listeners.use(listen(address, port));
      return port;
    } catch (cause) {
      if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    }
  }
}

function listen(hostname: string, port: number): Deno.TcpListener {
  return Deno.listen({ hostname, port });
}

function pathOf(line: string): string {
  return /<(.*?)>/.exec(line)?.[1] ?? "";
}

function unstuffed(message: string): string {
  return message.replace(/\.\r\n$/, "").replace(/(^|\r\n)\./g, "$1");
}
