/** The server as a process, and what the system says of it while it runs. */
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import { permissionFlags } from "../../src/config/permissions.ts";
import { command, HOST, unquoted } from "../e2e/program.ts";
import { eventually, within } from "../e2e/patience.ts";

/** What there is of a process at one moment. */
export interface Footprint {
  /** Open file descriptors. */
  readonly files: number;
  /** Those of them that are sockets. */
  readonly sockets: number;
  readonly threads: number;
  /** MiB of memory that is resident. */
  readonly resident: number;
  /** MiB that were left of the heap after it was last cleaned up; `undefined` before the first time. */
  readonly heap: number | undefined;
}

/** A server that runs, told to say when it cleans up its heap. */
export interface Server extends AsyncDisposable {
  readonly port: number;
  readonly submissionPort: number;
  footprint(): Promise<Footprint>;
  /** What it logged that is worse than a warning, mail that was refused for good aside. */
  readonly errors: readonly string[];
  /** Warnings, each with how often it came. */
  readonly warnings: ReadonlyMap<string, number>;
  /** Asks it to stop; gives the exit code. */
  stop(): Promise<number>;
}

/** Whether the system says such things of processes. */
export const CAN_MEASURE = Deno.build.os === "linux";

/** What is an error for who sent it, and none of the server's. */
const REFUSED = "message undeliverable";

/** Starts a server on a mail folder, on ports that the system picks. */
export async function startServer(
  mailDir: string,
  ...more: readonly string[]
): Promise<Server> {
  const args = [
    ...["--host", HOST, "--port", "0", "--submission-port", "0"],
    ...["--mail-dir", mailDir, ...more],
  ];
  const loaded = loadSettings(readFlags(args, SERVER_FLAGS));
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  const flags = [
    ...unquoted(permissionFlags(loaded.settings)),
    "--v8-flags=--max-semi-space-size=8,--trace-gc",
  ];
  const process = command(flags, args, { stdin: "null" }).spawn();
  const ports: number[] = [];
  let heap: number | undefined;
  const errors: string[] = [];
  const warnings = new Map<string, number>();
  const reading = [
    eachLine(process.stdout, (line) => {
      const [, port] = /^Listening .*:(\d+)$/.exec(line) ?? [];
      if (port !== undefined) ports.push(Number(port));
      const [, left] = /Mark-Compact.* -> (\d+\.\d+) \(/.exec(line) ?? [];
      if (left !== undefined) heap = Number(left);
    }),
    eachLine(process.stderr, (line) => {
      const [, level, event = line] =
        /^\S+ \S+ ([A-Z]+) (.*?)(?: \w+=|$)/.exec(line) ?? [];
      if (level === "WARN") warnings.set(event, (warnings.get(event) ?? 0) + 1);
      else if (level !== "INFO" && event !== REFUSED) errors.push(line);
    }),
  ];
  let ended = false;
  const status = process.status.finally(() => ended = true);
  await eventually(() => ended || ports.length === 2, "smtpd to listen");
  if (ended) throw new Error(`smtpd did not start: ${errors.join("\n")}`);

  const end = async (signal: Deno.Signal) => {
    if (!ended) process.kill(signal);
    const { code } = await within(status, "smtpd to end");
    await Promise.all(reading);
    return code;
  };
  return {
    port: ports[0]!,
    submissionPort: ports[1]!,
    footprint: () => footprintOf(process.pid, heap),
    errors,
    warnings,
    stop: () => end("SIGTERM"),
    [Symbol.asyncDispose]: async () => void await end("SIGKILL"),
  };
}

async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop()!;
    lines.forEach(take);
  }
}

/** Read by programs of the system: Deno takes every permission for it. */
async function footprintOf(
  pid: number,
  heap: number | undefined,
): Promise<Footprint> {
  const [open, status] = await Promise.all([
    outputOf("ls", "-l", `/proc/${pid}/fd`),
    outputOf("cat", `/proc/${pid}/status`),
  ]);
  const files = open.split("\n").filter((line) => line.includes(" -> "));
  const numberOf = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return {
    files: files.length,
    sockets: files.filter((line) => line.includes(" -> socket:")).length,
    threads: numberOf("Threads"),
    resident: numberOf("VmRSS") / 1024,
    heap,
  };
}

/** What a program says; a file that is gone by the time it looks is no fault. */
async function outputOf(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, {
    args,
    env: { LC_ALL: "C" },
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}
