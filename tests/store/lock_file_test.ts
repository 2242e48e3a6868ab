import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Clock } from "../../src/ports/clock.ts";
import { type LockOptions, takeLock } from "../../src/store/lock_file.ts";
import { manualClock, settle } from "../log/manual_clock.ts";
import { hastyClock } from "./hasty_clock.ts";
import { memoryDisk } from "./memory_disk.ts";

const HOUR = 60 * 60_000;

function setting(clock: Clock = hastyClock()) {
  const disk = memoryDisk(clock.now);
  disk.put("mail/users", "");
  const options: LockOptions = {
    disk,
    clock,
    patience: 30_000,
    staleAfter: HOUR,
  };
  return { disk, clock, options };
}

Deno.test("takeLock() makes a file and removes it when it is released", async () => {
  const { disk, options } = setting();
  {
    await using lock = await takeLock("mail/users.lock", options);
    await lock.note("mine");
    assertEquals(disk.text("mail/users.lock"), "mine");
  }
  assertEquals(disk.files(), ["mail/users"]);
  assertEquals(disk.open, 0);
});

Deno.test("takeLock() makes no lock without its mark", async () => {
  const { disk, options } = setting();
  disk.before = () => {
    const text = disk.text("mail/users.lock");
    assert(text === undefined || text.startsWith("mine"), text);
  };
  {
    await using lock = await takeLock("mail/users.lock", {
      ...options,
      mark: "mine",
    });
    await lock.note(", too");
    assertEquals(disk.text("mail/users.lock"), "mine, too");
  }
  assertEquals(disk.files(), ["mail/users"]);
  assertEquals(disk.open, 0);
});

Deno.test("takeLock() leaves another's lock alone, with a mark of its own", async () => {
  const { disk, options } = setting();
  disk.put("mail/users.lock", "theirs");
  await assertRejects(
    () => takeLock("mail/users.lock", { ...options, mark: "mine" }),
    Error,
    "another program holds it",
  );
  assertEquals(disk.text("mail/users.lock"), "theirs");
  assertEquals(disk.files(), ["mail/users", "mail/users.lock"]);
  assertEquals(disk.open, 0);
});

Deno.test("takeLock() waits until the holder lets go", async () => {
  const clock = manualClock("2026-11-23T09:05:00Z");
  const { disk, options } = setting(clock);
  const first = await takeLock("mail/users.lock", options);
  let taken = false;
  const second = takeLock("mail/users.lock", options)
    .finally(() => taken = true);
  await settle();
  await clock.advance(10_000);
  assert(!taken);
  await first.release();
  await clock.advance(1_000);
  await (await second).release();
  assertEquals(disk.files(), ["mail/users"]);
});

Deno.test("takeLock() gives up after its patience", async () => {
  const { disk, clock, options } = setting();
  disk.put("mail/users.lock", "");
  const start = clock.now();
  await assertRejects(
    () => takeLock("mail/users.lock", options),
    Error,
    'Cannot take lock "mail/users.lock": another program holds it (if none does, remove the file)',
  );
  assertEquals(clock.now() - start, 30_000);
  assertEquals(disk.text("mail/users.lock"), "");
});

Deno.test("takeLock() takes a lock that a crash left long ago", async () => {
  const { disk, clock, options } = setting();
  disk.put("mail/users.lock", "old", clock.now() - HOUR - 1);
  disk.put("mail/users.lock~", "", clock.now() - HOUR - 1);
  await using _lock = await takeLock("mail/users.lock", options);
  assertEquals(disk.text("mail/users.lock"), "");
  assertEquals(disk.files(), ["mail/users", "mail/users.lock"]);
});

Deno.test("takeLock() gives a stale lock to one of many that find it", async () => {
  const { disk, clock, options } = setting();
  disk.put("mail/users.lock", "old", clock.now() - HOUR - 1);
  let holders = 0;
  const most = await Promise.all(Array.from({ length: 5 }, async () => {
    await using _lock = await takeLock("mail/users.lock", options);
    const now = ++holders;
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    holders--;
    return now;
  }));
  assertEquals(most, [1, 1, 1, 1, 1]);
});

Deno.test("leave() makes a lock stay", async () => {
  const { disk, options } = setting();
  {
    await using lock = await takeLock("mail/users.lock", options);
    lock.leave();
  }
  assertEquals(disk.text("mail/users.lock"), "");
  assertEquals(disk.open, 0);
});
