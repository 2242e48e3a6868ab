/** The program as a process of its own, permitted only what `smtpd check` names. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import { permissionFlags } from "../../src/config/permissions.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { Door } from "../../src/server/doors.ts";
import { temporaryFolder } from "../queue/fakes.ts";
import { eventually, within } from "./patience.ts";

const ROOT = new URL("../../", import.meta.url);
export const HOST = "127.0.0.1";

/**
 * Keeps mail for every name at test.ru. Clients on this machine may not relay, but may come as often
 * as they like.
 */
export const SERVER = [
  ...["--domain", "test.ru", "--accept", "domain", "--relay-from", "none"],
  ...["--allow", "127.0.0.0/8,::1"],
];

/** How a process ended, and what it left to say. */
export interface Exit {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** A server that runs. Disposing of it kills it if nothing else ended it. */
export interface Program extends AsyncDisposable {
  /** Where mail comes in from servers. */
  readonly port: number;
  readonly mailDir: string;
  readonly pid: number;
  /** The port that a setting opened; throws when it opened none. */
  portOf(setting: Door["setting"]): number;
  /** Its log so far. */
  log(): string;
  /** Waits until the log has a line with these words, so many times, and gives the lines. */
  logged(words: string, times?: number): Promise<readonly string[]>;
  /** Asks it to stop, and waits until it has. */
  stop(): Promise<Exit>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

/** What it says of each port. */
const LISTENING: Readonly<Record<Door["setting"], string>> = {
  "port": "Listening",
  "submission-port": "Listening for users who log in",
  "submissions-port": "Listening for users who log in under TLS",
};

/** Starts a server that listens, on a port that the system picks unless one is given. */
export function start(
  mailDir: string,
  ...args: readonly string[]
): Promise<Program> {
  return startAs(serve, mailDir, args);
}

/** The same under no permissions but those that it can't do without, and so in one thread. */
export function startNarrowly(
  mailDir: string,
  ...args: readonly string[]
): Promise<Program> {
  return startAs(serveNarrowly, mailDir, args);
}

async function startAs(
  serve: (mailDir: string, more: readonly string[]) => Deno.Command,
  mailDir: string,
  args: readonly string[],
): Promise<Program> {
  const port = args.includes("--port") ? [] : ["--port", "0"];
  const process = serve(mailDir, [...port, ...args]).spawn();
  const out = gather(process.stdout);
  const error = gather(process.stderr);
  let ended = false;
  const status = process.status.finally(() => ended = true);
  const exit = async (): Promise<Exit> => {
    const { code } = await within(status, "smtpd to end");
    await Promise.all([out.done, error.done]);
    return { code, out: out.text(), error: error.text() };
  };
  const end = async (signal: Deno.Signal) => {
    if (!ended) process.kill(signal);
    return await exit();
  };
  const listening = await Promise.race([
    // What follows the ports.
    out.match(/^Keeping mail for /m, () => ended),
    status,
  ]);
  if (!(listening instanceof Array)) {
    throw new Error(`smtpd did not start: ${(await exit()).error}`);
  }
  const portOf = (setting: Door["setting"]) => {
    const line = new RegExp(`^${LISTENING[setting]} on .*:(\\d+)$`, "m");
    const port = line.exec(out.text())?.[1];
    if (port === undefined) throw new Error(`smtpd has no --${setting}`);
    return Number(port);
  };
  return {
    port: portOf("port"),
    mailDir,
    pid: process.pid,
    portOf,
    log: error.text,
    async logged(words, times = 1) {
      const lines = () =>
        error.text().split("\n").slice(0, -1)
          .filter((line) => line.includes(words));
      await eventually(() => lines().length >= times, `"${words}" in the log`);
      return lines();
    },
    stop: () => end("SIGTERM"),
    kill: async () => void await end("SIGKILL"),
    [Symbol.asyncDispose]: async () => void await end("SIGKILL"),
  };
}

/** Runs a subcommand on a mail folder to its end. */
export async function smtpd(
  mailDir: string,
  args: readonly string[],
  { input = "" }: { readonly input?: string } = {},
): Promise<Exit> {
  const permissions = [`--allow-read=${mailDir}`, `--allow-write=${mailDir}`];
  return await runCommand(
    command(permissions, [...args, "--mail-dir", mailDir]),
    input,
  );
}

/** A server's process, permitted what it needs with these settings, and a thread for the mail flow. */
export function serve(mailDir: string, more: readonly string[]): Deno.Command {
  const args = serverArgs(mailDir, more);
  const permissions = needed(args).map((flag) =>
    flag.startsWith("--allow-read=")
      ? `${flag},${fileURLToPath(new URL("src", ROOT))}`
      : flag
  );
  return command(permissions, args, { stdin: "null" });
}

function serveNarrowly(
  mailDir: string,
  more: readonly string[],
): Deno.Command {
  const args = serverArgs(mailDir, more);
  return command(needed(args), args, { stdin: "null" });
}

function serverArgs(
  mailDir: string,
  more: readonly string[],
): readonly string[] {
  return ["--host", HOST, "--mail-dir", mailDir, ...more];
}

/** The permissions that a server with these settings can't do without. */
function needed(args: readonly string[]): readonly string[] {
  return unquoted(permissionFlags(settingsOf(args)));
}

/** The settings that flags say. Throws when there is something wrong with them. */
export function settingsOf(args: readonly string[]): Settings {
  const loaded = loadSettings(readFlags(args, SERVER_FLAGS));
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings;
}

/** Flags as they are without the quotes that a shell needs. */
export function unquoted(flags: readonly string[]): readonly string[] {
  return flags.map((flag) => flag.replace(/^"(.*)"$/, "$1"));
}

/** The program, to be run under some permissions. */
export function command(
  permissions: readonly string[],
  args: readonly string[],
  { stdin = "piped" }: { readonly stdin?: "piped" | "null" } = {},
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, "main.ts", ...args],
    cwd: ROOT,
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a command that reads `input` to its end. */
export async function runCommand(
  command: Deno.Command,
  input: string,
): Promise<Exit> {
  const process = command.spawn();
  const writer = process.stdin.getWriter();
  // A program that doesn't read its input closes it.
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  return await exitOf(process);
}

/** Waits for the end of a process whose output nobody has read yet. */
export async function exitOf(process: Deno.ChildProcess): Promise<Exit> {
  const { code, stdout, stderr } = await within(
    process.output(),
    "a process to end",
  );
  const decoder = new TextDecoder();
  return {
    code,
    out: decoder.decode(stdout),
    error: decoder.decode(stderr),
  };
}

/** A mail folder in a folder of its own, both of which go with the test. */
export async function mailFolder(): Promise<
  { readonly mailDir: string; readonly parent: string } & AsyncDisposable
> {
  const folder = await temporaryFolder();
  return {
    parent: folder.path,
    mailDir: join(folder.path, "mail"),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

/** Gathers what a process says, as it says it. */
function gather(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
  let text = "";
  const done = (async () => {
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      text += piece;
    }
  })();
  return {
    done,
    text: () => text,
    async match(pattern: RegExp, over: () => boolean) {
      await eventually(() => over() || pattern.test(text), `${pattern}`);
      return pattern.exec(text);
    },
  };
}
