import { assertEquals, assertRejects } from "@std/assert";
import { openSecret } from "../../src/store/secret.ts";
import { type MemoryDisk, memoryDisk } from "./memory_disk.ts";

const PATH = "mail/.smtpd/secret";

/** Opens the secret with chance that yields `octet` only. */
function open(disk: MemoryDisk, octet: number) {
  return openSecret({
    path: PATH,
    disk,
    random: (length) => new Uint8Array(length).fill(octet),
  });
}

Deno.test("openSecret() makes a secret once and keeps it", async () => {
  const disk = memoryDisk();
  assertEquals(await open(disk, 1), new Uint8Array(32).fill(1));
  assertEquals(await open(disk, 2), new Uint8Array(32).fill(1));
  assertEquals(await open(disk.crash(), 3), new Uint8Array(32).fill(1));
  assertEquals(disk.files(), [PATH]);
});

Deno.test("openSecret() leaves no half of a secret", async () => {
  const disk = memoryDisk();
  disk.before = (operation) => {
    if (operation === "sync") throw new Error("No power");
  };
  await assertRejects(() => open(disk, 1), Error, "No power");
  assertEquals(await open(disk.crash(0.5), 2), new Uint8Array(32).fill(2));
});

Deno.test("openSecret() refuses what is not a secret", async () => {
  const disk = memoryDisk();
  disk.put(PATH, "petya@test.ru");
  await assertRejects(
    () => open(disk, 1),
    Error,
    `Cannot use "${PATH}": it is not 32 octets long`,
  );
});
