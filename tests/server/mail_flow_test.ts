import { assert, assertEquals } from "@std/assert";
import { openMailFlow } from "../../src/server/mail_flow.ts";
import { noTranscripts } from "../../src/server/transcript.ts";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { Put } from "../../src/queue/queue.ts";
import { manualClock } from "../log/manual_clock.ts";
import { fakeLog, letter, memoryQueue } from "../queue/fakes.ts";
import { type MemoryDisk, memoryDisk } from "../store/memory_disk.ts";

/** Settings for mail in `mail`. */
function settings(...more: readonly string[]): Settings {
  const args = ["--domain", "test.ru", "--mail-dir", "mail", ...more];
  const loaded = loadSettings(readFlags(args, SERVER_FLAGS));
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings;
}

/** A mail flow on a disk in memory, with nobody elsewhere to send mail to. */
async function flowOn(disk: MemoryDisk, ...more: readonly string[]) {
  const log = fakeLog();
  const { queue } = memoryQueue({ log, files: disk });
  const put: string[] = [];
  const flow = await openMailFlow(
    settings("--route", "*=127.0.0.1:1", ...more),
    {
      folder: "mail/.smtpd",
      listens: [],
      directory: {
        isOurs: (domain) => domain === "test.ru",
        resolve: () => ({ kind: "unknown" }),
      },
      transcripts: noTranscripts,
      nextId: () => "00000000100",
      clock: manualClock("2026-11-23T02:51:03Z"),
      disk,
      log,
      openQueue: () =>
        Promise.resolve({
          ...queue,
          commit(batch) {
            put.push(...batch.put.map(({ message }) => message.id));
            return queue.commit(batch);
          },
        }),
    },
  );
  return { flow, put };
}

const PETYA = /^mail\/test\.ru\/petya\/new\//;

Deno.test("what all have in their Maildirs when it is acknowledged was never in the queue", async () => {
  const disk = memoryDisk();
  const { flow, put } = await flowOn(disk);
  const copies = Array.from({ length: 15 }, (_, n) => `user${n}@test.ru`);
  await flow.enqueue(letter(["petya@test.ru", ...copies]));
  assertEquals(
    disk.files().filter((path) => path.includes("/new/")).length,
    16,
  );
  assertEquals(put, []);
  const after = disk.crash();
  assert(after.files().some((path) => PETYA.test(path)));
  await flow[Symbol.asyncDispose]();
});

const LARGE = { kind: "file", path: "mail/.smtpd/spool/large" } as const;

/** What isn't delivered at once. */
const OTHERS: Readonly<Record<string, readonly [Put, ...string[]]>> = {
  "goes elsewhere": [letter(["petya@test.ru", "you@example.net"])],
  "has many recipients": [
    letter(Array.from({ length: 17 }, (_, number) => `user${number}@test.ru`)),
  ],
  "is large": [letter(["petya@test.ru"], { content: LARGE })],
  "goes to an mbox": [letter(["petya@test.ru"]), "--store", "mbox"],
};

for (const [what, [message, ...flags]] of Object.entries(OTHERS)) {
  Deno.test(`what ${what} enters the queue before it is acknowledged`, async () => {
    const disk = memoryDisk();
    disk.put(LARGE.path, "Hi\r\n");
    const { flow, put } = await flowOn(disk, ...flags);
    await flow.enqueue(message);
    assertEquals(put[0], message.message.id);
    await flow[Symbol.asyncDispose]();
  });
}

Deno.test("openMailFlow() makes the names of its folders durable", async () => {
  const disk = memoryDisk();
  const log = fakeLog();
  await disk.makeFolder("mail/.smtpd");
  const { queue } = memoryQueue({ log, files: disk });
  await using _ = await openMailFlow(settings(), {
    folder: "mail/.smtpd",
    listens: [],
    directory: {
      isOurs: () => true,
      resolve: () => Promise.resolve({ kind: "unknown" }),
    },
    transcripts: noTranscripts,
    nextId: () => "00000000100",
    clock: manualClock("2026-11-23T02:51:03Z"),
    disk,
    log,
    openQueue: () => Promise.resolve(queue),
  });
  // A message in a file of the spool would be lost with it.
  assert(await disk.list("mail/.smtpd/spool"));
  assert(
    disk.trace.indexOf("syncFolder mail") <
      disk.trace.indexOf("makeFolder mail/.smtpd/spool"),
  );
  assert(
    disk.trace.lastIndexOf("syncFolder mail/.smtpd") >
      disk.trace.indexOf("makeFolder mail/.smtpd/spool"),
  );
});
