import { assert, assertRejects } from "@std/assert";
import { join } from "node:path";
import { roomAt } from "../../src/system/room.ts";
import { temporaryFolder } from "../queue/fakes.ts";

Deno.test("roomAt() says how much room there is", async () => {
  await using folder = await temporaryFolder();
  const { free, total, freeFiles, totalFiles } = await roomAt(folder.path);
  assert(free > 0 && free <= total, `${free} of ${total}`);
  assert(freeFiles >= 0 && freeFiles <= totalFiles);
});

Deno.test("roomAt() has nothing to say of what isn't there", async () => {
  await using folder = await temporaryFolder();
  await assertRejects(() => roomAt(join(folder.path, "none")));
});
