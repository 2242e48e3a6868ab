import { assert, assertEquals } from "@std/assert";
import { openTranscripts } from "../../src/server/transcript.ts";
import { DAY } from "../../src/server/transcript_files.ts";
import { manualClock, settle } from "../log/manual_clock.ts";
import { fakeDisk, fakeLog } from "./transcript_fakes.ts";

const SESSION = { id: "0K3F7", peer: "127.0.0.1:4242" };

function fixture(
  { clock = manualClock("2026-11-23T02:51:03.123Z"), disk = fakeDisk() } = {},
) {
  const log = fakeLog();
  const limits = { fileSize: 1000, totalSize: 5000, days: 14 };
  const transcripts = openTranscripts({
    folder: "mail/.smtpd/transcripts",
    disk,
    clock,
    log,
    limits,
  });
  return { clock, disk, log, transcripts };
}

Deno.test("openTranscripts() keeps a dialogue with time and session", async () => {
  const { clock, disk, transcripts, log } = fixture();
  const dialogue = transcripts.open(SESSION);
  dialogue.add(["-> 220 mx.test.ru ESMTP"]);
  await clock.advance(10);
  dialogue.add(["<- HELO denis", "-> 250 mx.test.ru"]);
  dialogue.close();
  dialogue.close();
  dialogue.add(["<- too late"]);
  assertEquals(disk.files.size, 0);
  await clock.advance(190);
  assertEquals(
    disk.files.get("2026-11-23.log"),
    `2026-11-23T02:51:03.123Z 0K3F7 -- connected from 127.0.0.1:4242
2026-11-23T02:51:03.123Z 0K3F7 -> 220 mx.test.ru ESMTP
2026-11-23T02:51:03.133Z 0K3F7 <- HELO denis
2026-11-23T02:51:03.133Z 0K3F7 -> 250 mx.test.ru
2026-11-23T02:51:03.133Z 0K3F7 -- closed
`,
  );
  await transcripts[Symbol.asyncDispose]();
  assertEquals(log.events, []);
  assertEquals([disk.open, clock.waiting], [0, 0]);
});

Deno.test("openTranscripts() escapes what a terminal might obey and cuts long lines", async () => {
  const { disk, transcripts } = fixture();
  const dialogue = transcripts.open(SESSION);
  dialogue.add(["<- \x1b[2J\r\n\x7fГрюße \x9b", "<- " + "x".repeat(2000)]);
  await transcripts[Symbol.asyncDispose]();
  const [, escaped, cut, ...rest] = disk.files.get("2026-11-23.log")!
    .split("\n");
  assertEquals(
    escaped?.slice(31),
    String.raw`<- \x1b[2J\x0d\x0a\x7fГрюße \x9b`,
  );
  assertEquals(
    cut?.slice(31),
    `<- ${"x".repeat(997)} (cut, 2003 characters)`,
  );
  assertEquals(rest, [""]);
});

Deno.test("openTranscripts() writes what is left when disposed of", async () => {
  const { disk, transcripts } = fixture();
  transcripts.open(SESSION).add(["-> 421 4.3.2 Going down"]);
  await transcripts[Symbol.asyncDispose]();
  assert(
    disk.files.get("2026-11-23.log")!.endsWith("-> 421 4.3.2 Going down\n"),
  );
  assertEquals(disk.open, 0);
});

Deno.test("openTranscripts() begins a file at midnight", async () => {
  const clock = manualClock("2026-11-23T23:59:59.000Z");
  const { disk, transcripts } = fixture({ clock });
  const dialogue = transcripts.open(SESSION);
  await clock.advance(900);
  dialogue.add(["<- NOOP"]);
  await clock.advance(200);
  await transcripts[Symbol.asyncDispose]();
  assertEquals([...disk.files.keys()], ["2026-11-23.log", "2026-11-24.log"]);
  assert(disk.files.get("2026-11-24.log")!.includes("<- NOOP"));
});

/** Adds a line and has it written. */
async function say(
  { transcripts, clock }: ReturnType<typeof fixture>,
  text: string,
): Promise<void> {
  transcripts.open(SESSION).add([text]);
  await clock.advance(200);
}

Deno.test("openTranscripts() goes on in another file when one is full", async () => {
  const it = fixture();
  for (let n = 0; n < 8; n++) await say(it, "<- " + String(n).repeat(200));
  assertEquals(
    [...it.disk.files].map(([name, text]) => [name, text.length <= 1000]),
    [
      ["2026-11-23.log", true],
      ["2026-11-23.2.log", true],
      ["2026-11-23.3.log", true],
    ],
  );
  await it.transcripts[Symbol.asyncDispose]();
});

Deno.test("openTranscripts() goes on in the newest file of the day after a restart", async () => {
  const disk = fakeDisk({
    "2026-11-23.log": "x".repeat(990),
    "2026-11-23.9.log": "y".repeat(990),
    "2026-11-23.10.log": "z\n",
  });
  const it = fixture({ disk });
  await say(it, "<- NOOP");
  await it.transcripts[Symbol.asyncDispose]();
  assert(disk.files.get("2026-11-23.10.log")!.startsWith("z\n2026-11-23T"));
  assertEquals(disk.files.size, 3);
});

Deno.test("openTranscripts() removes old files at the start and at midnight, not others", async () => {
  const disk = fakeDisk({
    "2026-11-08.log": "too old",
    "2026-11-09.2.log": "14 days old",
    "2026-11-10.log": "13 days old",
    "2026-11-01.txt": "not ours",
    "notes.log": "not ours",
  });
  const it = fixture({ disk });
  await settle();
  assertEquals([...disk.files.keys()], [
    "2026-11-09.2.log",
    "2026-11-10.log",
    "2026-11-01.txt",
    "notes.log",
  ]);
  await it.clock.advance(DAY);
  assertEquals(disk.files.has("2026-11-09.2.log"), false);
  assertEquals(disk.files.has("2026-11-10.log"), true);
  await it.clock.advance(DAY);
  assertEquals(disk.files.has("2026-11-10.log"), false);
  await it.transcripts[Symbol.asyncDispose]();
});

Deno.test("openTranscripts() never keeps more than the limit, and the newest of it", async () => {
  const it = fixture();
  for (let n = 0; n < 60; n++) {
    await say(it, "<- " + "x".repeat(200));
    const sizes = [...it.disk.files.values()].map((text) => text.length);
    assert(sizes.reduce((a, b) => a + b) <= 5000);
  }
  assertEquals([...it.disk.files.keys()].at(-1), "2026-11-23.20.log");
  assertEquals(it.disk.files.has("2026-11-23.17.log"), true);
  assertEquals(it.disk.files.has("2026-11-23.log"), false);
  await it.transcripts[Symbol.asyncDispose]();
});

Deno.test("openTranscripts() reports a failing disk once, and its recovery", async () => {
  const it = fixture();
  await say(it, "<- before");
  it.disk.writeError = new Error("no space left on device");
  for (let n = 0; n < 5; n++) await say(it, `<- lost ${n}`);
  it.disk.writeError = undefined;
  await say(it, "<- after");
  await say(it, "<- later");
  await it.transcripts[Symbol.asyncDispose]();
  assertEquals(it.log.events, [
    "error transcripts failed",
    "info transcripts kept again",
  ]);
  assertEquals(it.log.fields[0], {
    folder: "mail/.smtpd/transcripts",
    error: "no space left on device",
  });
  const texts = it.disk.files.get("2026-11-23.log")!.trimEnd().split("\n")
    .map((line) => line.slice("2026-11-23T02:51:03.123Z ".length));
  assertEquals(texts, [
    "0K3F7 -- connected from 127.0.0.1:4242",
    "0K3F7 <- before",
    "- -- 10 lines are missing here",
    "0K3F7 -- connected from 127.0.0.1:4242",
    "0K3F7 <- after",
    "0K3F7 -- connected from 127.0.0.1:4242",
    "0K3F7 <- later",
  ]);
  assertEquals(it.disk.open, 0);
});

Deno.test("openTranscripts() keeps lines though old files can't be removed", async () => {
  const disk = fakeDisk({ "2026-01-01.log": "stuck" });
  disk.removeError = new Error("file is in use");
  const it = fixture({ disk });
  await say(it, "<- NOOP");
  await it.transcripts[Symbol.asyncDispose]();
  assert(disk.files.get("2026-11-23.log")!.endsWith("<- NOOP\n"));
  assertEquals(
    new Set(it.log.events),
    new Set(["warn old transcripts not removed"]),
  );
});
