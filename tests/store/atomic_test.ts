import { assertEquals, assertRejects } from "@std/assert";
import { replaceFile } from "../../src/store/atomic.ts";
import { diskError, memoryDisk } from "./memory_disk.ts";

const NEW = new TextEncoder().encode("new");

Deno.test("replaceFile() writes, syncs, renames and syncs the folder, in this order", async () => {
  const disk = memoryDisk();
  disk.put("state/users", "old");
  await replaceFile("state/users", NEW, disk);
  assertEquals(disk.trace, [
    "remove state/users.tmp",
    "create state/users.tmp",
    "write state/users.tmp",
    "sync state/users.tmp",
    "rename state/users.tmp state/users",
    "syncFolder state",
  ]);
  assertEquals(disk.crash().text("state/users"), "new");
  assertEquals(disk.open, 0);
});

Deno.test("replaceFile() leaves the old or the new contents, wherever the power fails", async () => {
  for (let steps = 0; steps < 6; steps++) {
    const disk = memoryDisk();
    disk.put("state/users", "old");
    disk.before = () => {
      if (disk.trace.length === steps) throw diskError("EIO", "off");
    };
    await assertRejects(() => replaceFile("state/users", NEW, disk));
    for (const after of [disk, disk.crash(), disk.crash(0.5)]) {
      const old = steps < 5 || after !== disk;
      assertEquals(after.text("state/users"), old ? "old" : "new");
    }
  }
});

Deno.test("replaceFile() removes the temporary file when it fails", async () => {
  const disk = memoryDisk();
  disk.put("state/users", "old");
  disk.before = (operation) => {
    if (operation === "write") throw diskError("ENOSPC", "state");
  };
  await assertRejects(
    () => replaceFile("state/users", NEW, disk),
    Error,
    "ENOSPC",
  );
  assertEquals(disk.files(), ["state/users"]);
  assertEquals(disk.open, 0);
});

Deno.test("replaceFile() replaces a temporary file left by a crash", async () => {
  const disk = memoryDisk();
  disk.put("state/users.tmp", "half of something");
  await replaceFile("state/users", NEW, disk);
  assertEquals(disk.files(), ["state/users"]);
});
