/** Starting a server, and stopping it. */
import { join } from "node:path";
import { HOST } from "./host.ts";
import type { Running, Site } from "./peer.ts";

/** A server's command line. */
export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Milliseconds within which a server must greet. */
const PATIENCE = 30_000;

/** Milliseconds a server may take to end when asked to. */
const GRACE = 15_000;

/** Starts a server that is one command, its output in the site's `log`, and waits for its greeting. */
export async function launch(
  { program, args, ...options }: CommandLine,
  { port, folder }: Pick<Site, "port" | "folder">,
): Promise<Running> {
  const start = performance.now();
  const process = new Deno.Command("sh", {
    args: [
      "-c",
      'log=$1; shift; exec "$@" >"$log" 2>&1',
      ...["sh", join(folder, "log"), program, ...args],
    ],
    ...options,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let ended = false;
  const status = process.status.finally(() => ended = true);
  const stop = async () => {
    if (!ended) process.kill("SIGTERM");
    const timer = setTimeout(() => process.kill("SIGKILL"), GRACE);
    await status;
    clearTimeout(timer);
  };
  try {
    await greeting(port, () => ended);
  } catch (cause) {
    await stop();
    const log = await Deno.readTextFile(join(folder, "log"));
    throw new Error(`Cannot start ${program}: ${log.slice(-500)}`, { cause });
  }
  return {
    pid: process.pid,
    startedIn: performance.now() - start,
    [Symbol.asyncDispose]: stop,
  };
}

/** Waits until a server at a port greets; throws when it is `over` before. */
export async function greeting(
  port: number,
  over: () => boolean = () => false,
): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!await greets(port)) {
    if (over()) throw new Error("It ended");
    if (performance.now() > end) throw new Error("It does not greet");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function greets(port: number): Promise<boolean> {
  try {
    using conn = await Deno.connect({ hostname: HOST, port });
    const code = new Uint8Array(4);
    const count = await conn.read(code);
    return count !== null && new TextDecoder().decode(code).startsWith("220");
  } catch {
    return false;
  }
}

/** A port that nobody listens on. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}
