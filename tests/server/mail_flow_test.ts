import { assert } from "@std/assert";
import { openMailFlow } from "../../src/server/mail_flow.ts";
import { noTranscripts } from "../../src/server/transcript.ts";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import { manualClock } from "../log/manual_clock.ts";
import { fakeLog, memoryQueue } from "../queue/fakes.ts";
import { memoryDisk } from "../store/memory_disk.ts";

Deno.test("openMailFlow() makes the names of its folders durable", async () => {
  const disk = memoryDisk();
  const log = fakeLog();
  await disk.makeFolder("mail/.smtpd");
  const loaded = loadSettings(
    readFlags(["--domain", "test.ru", "--mail-dir", "mail"], SERVER_FLAGS),
  );
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  const { queue } = memoryQueue({ log, files: disk });
  await using _ = await openMailFlow(loaded.settings, {
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
