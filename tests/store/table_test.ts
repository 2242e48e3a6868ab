import { assertEquals, assertRejects } from "@std/assert";
import { openTable } from "../../src/store/table.ts";
import { clock } from "../../src/system/clock.ts";
import { hastyClock } from "./hasty_clock.ts";
import { keptLog } from "./fixtures.ts";
import { type MemoryDisk, memoryDisk } from "./memory_disk.ts";

const PATH = "mail/.smtpd/colours";

function open(disk: MemoryDisk, clock = hastyClock()) {
  return openTable<string>(
    { path: PATH, disk, clock, log: keptLog() },
    (line) => {
      const [key, entry] = line.split(/\s+/);
      return key && entry ? { key, entry } : "two words are needed";
    },
  );
}

Deno.test("openTable() reads entries past comments, blanks, a BOM and CRLF", async () => {
  const disk = memoryDisk();
  disk.put(PATH, "\uFEFF# of things\r\n\r\nsky blue\r\n  #\n  grass green");
  const table = await open(disk);
  assertEquals([...await table.entries(0)], [["sky", "blue"], [
    "grass",
    "green",
  ]]);
});

Deno.test("openTable() names the line that is wrong", async () => {
  const faults = {
    "sky blue\n\ngrass\n":
      'Cannot read "mail/.smtpd/colours": line 3: two words are needed',
    "sky blue\nsky grey\n":
      'Cannot read "mail/.smtpd/colours": line 2: sky has line 1 already',
  };
  for (const [text, message] of Object.entries(faults)) {
    const disk = memoryDisk();
    disk.put(PATH, text);
    await assertRejects(() => open(disk), Error, message);
  }
});

Deno.test("openTable() refuses what is not UTF-8", async () => {
  const disk = memoryDisk();
  using file = await disk.append("colours");
  await file.write(new Uint8Array([0x73, 0xff]));
  disk.put(PATH, "");
  await disk.rename("colours", PATH);
  await assertRejects(() => open(disk), Error, "it is not UTF-8");
});

Deno.test("edit() adds, changes and removes a line, and keeps the others as they are", async () => {
  const disk = memoryDisk();
  disk.put(PATH, "# of things\n\n  sky   blue\ngrass green\n");
  const table = await open(disk);
  await table.edit(() => ({ key: "sea", text: "sea grey" }));
  await table.edit(() => ({ key: "grass", text: "grass brown" }));
  assertEquals(
    disk.text(PATH),
    "# of things\n\n  sky   blue\ngrass brown\nsea grey\n",
  );
  await table.edit(() => ({ key: "sky" }));
  assertEquals(disk.text(PATH), "# of things\n\ngrass brown\nsea grey\n");
  assertEquals((await table.entries(1_000)).get("grass"), "brown");
});

Deno.test("edit() makes file and folder, durably, and leaves no lock", async () => {
  const disk = memoryDisk();
  const table = await open(disk);
  await table.edit(() => ({ key: "sky", text: "sky blue" }));
  const after = disk.crash();
  assertEquals(after.text(PATH), "sky blue\n");
  assertEquals(disk.files(), [PATH]);
});

Deno.test("edit() changes nothing when the decision throws", async () => {
  const disk = memoryDisk();
  disk.put(PATH, "sky blue\n");
  const table = await open(disk);
  await assertRejects(
    () =>
      table.edit(() => {
        throw new Error("No");
      }),
    Error,
    "No",
  );
  assertEquals(disk.text(PATH), "sky blue\n");
  assertEquals(disk.files(), [PATH]);
});

Deno.test("edit() loses no change of two programs at once", async () => {
  const disk = memoryDisk(clock.now);
  const tables = [await open(disk, clock), await open(disk, clock)];
  const keys = Array.from({ length: 5 }, (_, number) => `key${number}`);
  await Promise.all(
    keys.map((key, index) =>
      tables[index % 2]!.edit(() => ({ key, text: `${key} x` }))
    ),
  );
  assertEquals([...(await tables[0]!.entries(0)).keys()].toSorted(), keys);
});

Deno.test("edit() refuses to write over a damaged file", async () => {
  const disk = memoryDisk();
  const table = await open(disk);
  disk.put(PATH, "damaged\n");
  await assertRejects(
    () => table.edit(() => ({ key: "sky", text: "sky blue" })),
    Error,
    "line 1: two words are needed",
  );
  assertEquals(disk.text(PATH), "damaged\n");
});
