import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { Terminal } from "../../src/cli/terminal.ts";
import { WrongUse } from "../../src/cli/terminal.ts";
import { transcript } from "../../src/cli/transcript.ts";
import { makeIds } from "../../src/queue/id.ts";
import { openTranscripts } from "../../src/server/transcript.ts";
import { disk } from "../../src/system/disk.ts";
import { manualClock } from "../log/manual_clock.ts";
import { fakeLog } from "../server/transcript_fakes.ts";

/** What the subcommand prints, and its exit code. */
async function run(...args: readonly string[]) {
  const out: string[] = [];
  const error: string[] = [];
  const terminal: Terminal = {
    interactive: false,
    out: (line) => void out.push(line),
    error: (line) => void error.push(line),
    readSecret: () => Promise.resolve(undefined),
    readAll: () => Promise.resolve(""),
    log: () => Promise.resolve(),
  };
  return { code: await transcript(args, terminal), out, error };
}

/** A mail folder with `sessions` on record, in each of which a message came. */
async function recorded(sessions: number) {
  const mailDir = await Deno.makeTempDir();
  const clock = manualClock("2026-11-23T02:51:03.123Z");
  const nextId = makeIds({ clock, random: () => 0 });
  const state = join(mailDir, ".smtpd");
  await Deno.mkdir(state);
  const folder = join(state, "transcripts");
  await using transcripts = openTranscripts({
    folder,
    disk,
    clock,
    log: fakeLog(),
  });
  const ids: { readonly session: string; readonly message: string }[] = [];
  for (let n = 0; n < sessions; n++) {
    const session = nextId();
    const message = nextId();
    ids.push({ session, message });
    const dialogue = transcripts.open({
      id: session,
      peer: `127.0.0.1:${n + 1}`,
    });
    dialogue.add(["<- HELO denis", `-> 250 2.0.0 OK: queued as ${message}`]);
    dialogue.close();
  }
  return {
    mailDir,
    folder,
    ids,
    [Symbol.asyncDispose]: () => Deno.remove(mailDir, { recursive: true }),
  };
}

Deno.test("transcript() prints the dialogue by session ID and by queue ID, in any case", async () => {
  await using record = await recorded(3);
  const { session, message } = record.ids[1]!;
  for (const id of [session, message, message.toLowerCase()]) {
    assertEquals(await run(id, "--mail-dir", record.mailDir), {
      code: 0,
      out: [
        `Session ${session}, times in UTC`,
        "2026-11-23 02:51:03.123  -- connected from 127.0.0.1:2",
        "2026-11-23 02:51:03.123  <- HELO denis",
        `2026-11-23 02:51:03.123  -> 250 2.0.0 OK: queued as ${message}`,
        "2026-11-23 02:51:03.123  -- closed",
      ],
      error: [],
    });
  }
});

Deno.test("transcript() without an ID lists the last 20 sessions", async () => {
  await using record = await recorded(25);
  const { code, out } = await run("--mail-dir", record.mailDir);
  assertEquals(code, 0);
  assertEquals(out.length, 20);
  assertEquals(
    out.at(-1),
    `2026-11-23 02:51:03.123  ${
      record.ids.at(-1)!.session
    }  127.0.0.1:25  1 message    HELO denis`,
  );
  assertEquals(out[0]!.includes(record.ids[5]!.session), true);
  assertEquals(out[0]!.indexOf("1 message"), out.at(-1)!.indexOf("1 message"));
});

Deno.test("transcript() of an unknown ID says so in a line and fails", async () => {
  await using record = await recorded(1);
  assertEquals(await run("0K3F7", "--mail-dir", record.mailDir), {
    code: 1,
    out: [],
    error: [`No session or message "0K3F7" in ${record.folder}`],
  });
});

Deno.test("transcript() says that nothing is on record", async () => {
  await using record = await recorded(0);
  assertEquals(await run("--mail-dir", record.mailDir), {
    code: 0,
    out: [`No sessions in ${record.folder}`],
    error: [],
  });
});

Deno.test("transcript() refuses flags and operands it doesn't know", async () => {
  await assertRejects(() => run("--port", "25"), WrongUse, "--port");
  await assertRejects(() => run("one", "two"), WrongUse, '"two"');
});
