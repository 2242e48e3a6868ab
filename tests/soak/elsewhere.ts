/** A server elsewhere that takes mail as servers do: mostly, later, never, or until it breaks off. */
import { HOST } from "../e2e/program.ts";
import type { Random } from "../fuzz/random.ts";

/** A server that runs. Disposing of it closes its connections. */
export interface Elsewhere extends AsyncDisposable {
  readonly port: number;
}

/**
 * Starts one. What it does with a message its recipient's name says: `ok` is taken, `later` perhaps
 * only when it comes again, `cut` perhaps only over another connection, `never` is refused. `taken`
 * is told the text of what was.
 */
export function startElsewhere(
  { chance, taken }: {
    readonly chance: Random;
    readonly taken: (text: string) => void;
  },
): Elsewhere {
  const listener = Deno.listen({ hostname: HOST, port: 0 });
  const open = new Set<Deno.Conn>();
  const accepting = (async () => {
    const sessions: Promise<void>[] = [];
    for await (const conn of listener) {
      open.add(conn);
      // However a connection breaks, it is over then.
      sessions.push(serve(conn).catch(() => {}).finally(() => close(conn)));
    }
    await Promise.all(sessions);
  })();

  function close(conn: Deno.Conn): void {
    if (open.delete(conn)) conn.close();
  }

  async function serve(conn: Deno.Conn): Promise<void> {
    const say = async (line: string) => {
      await conn.write(new TextEncoder().encode(`${line}\r\n`));
    };
    let name = "";
    await say("220 elsewhere.test");
    for await (const unit of unitsOf(conn)) {
      const [verb = ""] = unit.split(/[ \r]/, 1);
      if (unit.endsWith("\r\n.\r\n")) {
        if (name === "cut" && chance.chance(0.5)) return;
        taken(unit);
        await say("250 2.0.0 OK");
      } else if (verb === "RCPT") {
        name = /<(\w+)@/.exec(unit)?.[1] ?? "";
        const later = name === "later" && chance.chance(0.5);
        if (name === "never") await say("550 5.1.1 Nobody");
        else await say(later ? "451 4.3.2 Later" : "250 2.1.5 OK");
      } else if (verb === "QUIT") {
        await say("221 2.0.0 Bye");
        return;
      } else await say(verb === "DATA" ? "354 Go on" : "250 2.0.0 OK");
    }
  }

  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      open.forEach(close);
      await accepting;
    },
  };
}

/** Each line that the client says, and each text after DATA, with its end. */
async function* unitsOf(conn: Deno.Conn): AsyncGenerator<string> {
  const buffer = new Uint8Array(64 * 1024);
  const decoder = new TextDecoder("latin1");
  let text = "";
  let end = "\r\n";
  for (;;) {
    for (let at = text.indexOf(end); at >= 0; at = text.indexOf(end)) {
      const unit = text.slice(0, at + end.length);
      text = text.slice(unit.length);
      end = unit === "DATA\r\n" ? "\r\n.\r\n" : "\r\n";
      yield unit;
    }
    const count = await conn.read(buffer);
    if (count === null) return;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}
