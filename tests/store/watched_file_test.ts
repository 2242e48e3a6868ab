import { assertEquals, assertRejects } from "@std/assert";
import { watchFile } from "../../src/store/watched_file.ts";
import { manualClock } from "../log/manual_clock.ts";
import { keptLog } from "./fixtures.ts";
import { diskError, memoryDisk } from "./memory_disk.ts";

async function setting(text = "one") {
  const clock = manualClock("2026-11-23T09:05:00Z");
  const disk = memoryDisk(clock.now);
  const log = keptLog();
  disk.put("state/file", text);
  await clock.advance(10_000);
  const options = { path: "state/file", disk, clock, log, parse };
  return { clock, disk, log, options, file: await watchFile(options) };
}

function parse(contents: Uint8Array): string {
  const text = new TextDecoder().decode(contents);
  if (text.startsWith("bad")) throw new Error(`Cannot parse "${text}"`);
  return text;
}

Deno.test("watchFile() sees a change at once when no old value will do", async () => {
  const { disk, file } = await setting();
  assertEquals(await file.value(0), "one");
  disk.put("state/file", "other");
  assertEquals(await file.value(0), "other");
});

Deno.test("watchFile() does without the disk for as long as an old value will do", async () => {
  const { clock, disk, file } = await setting();
  await file.value(0);
  disk.put("state/file", "other");
  disk.trace.length = 0;
  await clock.advance(1_000);
  assertEquals(await file.value(1_000), "one");
  assertEquals(disk.trace, []);
  await clock.advance(1);
  assertEquals(await file.value(1_000), "other");
});

Deno.test("watchFile() does not read a file again that stayed the same", async () => {
  const { disk, file } = await setting();
  disk.trace.length = 0;
  await file.value(0);
  assertEquals(disk.trace, ["stat state/file"]);
});

Deno.test("watchFile() sees two changes in one tick of the disk's clock", async () => {
  const { clock, disk, file } = await setting();
  disk.put("state/file", "two");
  assertEquals(await file.value(0), "two");
  disk.put("state/file", "six");
  assertEquals(await file.value(0), "six");
  await clock.advance(10_000);
  assertEquals(await file.value(0), "six");
});

Deno.test("watchFile() takes a file that was never there for an empty one", async () => {
  const { disk, log, options } = await setting();
  await disk.remove("state/file");
  const file = await watchFile(options);
  assertEquals(await file.value(0), "");
  disk.put("state/file", "new");
  assertEquals(await file.value(0), "new");
  assertEquals(log.told, []);
});

Deno.test("watchFile() keeps the value of before while the file is gone, and says so once", async () => {
  const { disk, log, file } = await setting();
  await disk.remove("state/file");
  assertEquals(await file.value(0), "one");
  assertEquals(await file.value(0), "one");
  assertEquals(log.told, ["error damaged file ignored File is gone"]);
  disk.put("state/file", "back");
  assertEquals(await file.value(0), "back");
});

Deno.test("watchFile() keeps the value of before when the file goes as it is looked at", async () => {
  const { disk, file } = await setting();
  disk.put("state/file", "other");
  disk.before = async (operation) => {
    if (operation !== "read") return;
    disk.before = () => {};
    await disk.remove("state/file");
  };
  assertEquals(await file.value(0), "one");
});

Deno.test("watchFile() keeps the value of before while the file is damaged, and says so once", async () => {
  const { clock, disk, log, file } = await setting();
  disk.put("state/file", "bad");
  assertEquals(await file.value(0), "one");
  await clock.advance(10_000);
  assertEquals(await file.value(0), "one");
  assertEquals(log.told, ['error damaged file ignored Cannot parse "bad"']);
  disk.put("state/file", "good");
  assertEquals(await file.value(0), "good");
  disk.put("state/file", "bad");
  await file.value(0);
  assertEquals(log.told.length, 2);
});

Deno.test("watchFile() keeps the value of before while the file cannot be read", async () => {
  const { disk, log, file } = await setting();
  disk.put("state/file", "other");
  disk.before = (operation, path) => {
    if (operation === "read") throw diskError("EACCES", path);
  };
  assertEquals(await file.value(0), "one");
  assertEquals(log.told, ["error damaged file ignored EACCES: state/file"]);
});

Deno.test("watchFile() throws when the file is damaged from the start", async () => {
  await assertRejects(() => setting("bad from birth"), Error, "Cannot parse");
});

Deno.test("expire() makes the next call look", async () => {
  const { disk, file } = await setting();
  await file.value(0);
  disk.put("state/file", "other");
  file.expire();
  assertEquals(await file.value(1_000), "other");
});
