import { assert, assertEquals, assertRejects } from "@std/assert";
import { makeDurableFolder } from "../../src/store/durable_folder.ts";
import { diskError, memoryDisk } from "./memory_disk.ts";

Deno.test("makeDurableFolder() makes every folder on the way durable", async () => {
  const disk = memoryDisk();
  await makeDurableFolder("mail", ["test.ru", "petya"], disk);
  const after = disk.crash();
  assert((await after.stat("mail/test.ru/petya"))?.folder);
});

Deno.test("makeDurableFolder() names a folder durably before it makes another in it", async () => {
  const disk = memoryDisk();
  await makeDurableFolder("mail", ["test.ru", "petya"], disk);
  assertEquals(
    disk.trace.filter((each) => !each.startsWith("stat")),
    [
      "makeFolder mail",
      "syncFolder .",
      "makeFolder mail/test.ru",
      "syncFolder mail",
      "makeFolder mail/test.ru/petya",
      "syncFolder mail/test.ru",
    ],
  );
});

Deno.test("makeDurableFolder() does not mind that it may not look above the root", async () => {
  const disk = memoryDisk();
  disk.before = (operation, path) => {
    if (operation === "syncFolder" && path === ".") {
      throw diskError("EACCES", path);
    }
  };
  await makeDurableFolder("mail", ["test.ru"], disk);
  assert((await disk.stat("mail/test.ru"))?.folder);
});

Deno.test("makeDurableFolder() says when a file is in the way", async () => {
  const disk = memoryDisk();
  disk.put("mail/test.ru/petya", "an mbox file");
  await assertRejects(
    () => makeDurableFolder("mail", ["test.ru", "petya", "tmp"], disk),
    Error,
    'Cannot make folder "mail/test.ru/petya": a file has this name',
  );
});
