import { escaped } from "../log/escape.ts";
import type { SecretLine } from "./secret_line.ts";
import { type } from "./secret_line.ts";
import type { Terminal } from "./terminal.ts";

/** What a shell reports of a program that SIGPIPE ended: 128 + 13. */
const BROKEN_PIPE = 141;

/** The terminal, pipe or file that the program was started with. */
export const systemTerminal: Terminal = {
  get interactive() {
    return Deno.stdin.isTerminal();
  },
  get columns() {
    return Deno.stdout.isTerminal() ? Deno.consoleSize().columns : undefined;
  },
  out: (line) => print(Deno.stdout, line),
  error: (line) => print(Deno.stderr, line),
  readSecret,
  readAll: () => new Response(Deno.stdin.readable).text(),
  async log(lines) {
    const bytes = new TextEncoder().encode(lines);
    for (let at = 0; at < bytes.length;) {
      at += await Deno.stderr.write(bytes.subarray(at));
    }
  },
};

/** Whatever others have put into a name or a message, the terminal obeys none of it. */
function print(stream: typeof Deno.stdout, text: string): void {
  const lines = text.split("\n").map((line) => `${escaped(line)}\n`);
  const bytes = new TextEncoder().encode(lines.join(""));
  try {
    for (let at = 0; at < bytes.length;) {
      at += stream.writeSync(bytes.subarray(at));
    }
  } catch (cause) {
    if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
    // Whoever read (`| head`) has had enough; that is no failure worth words.
    Deno.exit(BROKEN_PIPE);
  }
}

async function readSecret(prompt: string): Promise<string | undefined> {
  const decoder = new TextDecoder();
  const chunk = new Uint8Array(256);
  let line: SecretLine = { text: "", state: "typing" };
  Deno.stderr.writeSync(new TextEncoder().encode(prompt));
  Deno.stdin.setRaw(true);
  try {
    while (line.state === "typing") {
      const length = await Deno.stdin.read(chunk);
      if (length === null) return undefined;
      const keys = decoder.decode(chunk.subarray(0, length), { stream: true });
      line = type(line, keys);
    }
  } finally {
    Deno.stdin.setRaw(false);
    Deno.stderr.writeSync(new TextEncoder().encode("\n"));
  }
  return line.state === "entered" ? line.text : undefined;
}
