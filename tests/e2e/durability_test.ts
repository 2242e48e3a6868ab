/** In which order the server asks the system for things, as `strace` sees it. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { within } from "./patience.ts";
import { mailFolder, SERVER, start } from "./program.ts";
import { has, note, program } from "./programs.ts";
import { connect, queuedId } from "./smtp_client.ts";
import {
  acknowledgements,
  faultsOf,
  queuedIn,
  readTrace,
} from "./system_calls.ts";

const CALLS = "openat,write,writev,pwrite64,sendto,sendmsg,fsync,fdatasync," +
  "rename,renameat,renameat2,unlink,unlinkat";

/** Watches a process until it ends; `undefined` where that isn't allowed. */
async function watch(pid: number, trace: string) {
  const process = program(
    "strace",
    ...["-f", "-y", "-xx", "-s", "70000", "-e", `trace=${CALLS}`],
    ...["-o", trace, "-p", String(pid)],
  ).spawn();
  await process.stdin.close();
  const said = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await within(said.read(), "strace to say something");
  const end = (async () => {
    while (!(await said.read()).done);
    await process.stdout.cancel();
    await process.status;
  })();
  if (!/attached/.test(value)) {
    await end;
    note(`strace may not watch: a test ends early (${value.trim()})`);
    return undefined;
  }
  return {
    /** Gives the trace once the process has ended. */
    async trace(): Promise<string> {
      await within(end, "strace to end");
      return await Deno.readTextFile(trace);
    },
    async [Symbol.asyncDispose]() {
      try {
        process.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await end;
    },
  };
}

Deno.test({
  name:
    "smtpd syncs what it acknowledges before it says so, and mail before it forgets it",
  ignore: Deno.build.os !== "linux" || !has("strace"),
  async fn() {
    await using folder = await mailFolder();
    const { mailDir, parent } = folder;
    await using server = await start(mailDir, ...SERVER, "--transcript", "off");
    await using watched = await watch(server.pid, join(parent, "trace"));
    if (watched === undefined) return;
    const ids = await Promise.all(
      ["petya", "masha", "petya", "vasya"]
        .map((user) => sendSome(server.port, user)),
    );
    const count = ids.flat().length;
    await server.logged("message delivered", count);
    assertEquals((await server.stop()).code, 0);
    const calls = readTrace(await watched.trace());
    assertEquals(acknowledgements(calls).length, count);
    assertEquals(faultsOf(calls), []);
    // Those that are too large to be delivered at once.
    assertEquals(queuedIn(calls).length, ids.length);
  },
});

/** Sends small and large messages over one connection; gives their IDs. */
async function sendSome(
  port: number,
  user: string,
): Promise<readonly string[]> {
  using client = await connect(port);
  await client.say("EHLO client.test");
  const ids: string[] = [];
  for (const lines of [1, 100, 10_000, 2]) {
    await client.say("MAIL FROM:<vasya@other.test>");
    await client.say(`RCPT TO:<${user}@test.ru>`, "DATA");
    const reply = await client.say(`${"some text\r\n".repeat(lines)}.`);
    ids.push(queuedId(reply));
  }
  return ids;
}
