import { assert, assertEquals } from "@std/assert";
import {
  type GreylistLine,
  openGreylistFile,
} from "../../src/store/greylist_file.ts";
import { makeGreylist } from "../../src/policy/greylist.ts";
import { manualClock, settle } from "../log/manual_clock.ts";
import { fakeLog } from "../queue/fakes.ts";
import { mailbox } from "./fixtures.ts";
import { diskError, type MemoryDisk, memoryDisk } from "./memory_disk.ts";

const PATH = "mail/.smtpd/greylist";
const TIME = "2026-01-01T00:00:00.000Z";
const AT = Date.parse(TIME);

const SIGHTINGS: readonly GreylistLine[] = [
  { who: '192.0.2.0/24 <"a b"@a.test> <петя@test.ru>', at: AT, passes: 0 },
  { who: "2001:db8::/64 <> <postmaster>", at: AT + 1, passes: 1 },
  { who: "2001:db8::/64", at: AT + 2, passes: 17 },
];

const HEADING =
  "# The greylist, written by smtpd: when, how often passed, who.\n";

const TEXT = `${HEADING}\
2026-01-01T00:00:00.000Z 0 192.0.2.0/24 <"a b"@a.test> <петя@test.ru>
2026-01-01T00:00:00.001Z 1 2001:db8::/64 <> <postmaster>
2026-01-01T00:00:00.002Z 17 2001:db8::/64
`;

/** A disk on which the greylist is `text`, or is not. */
function setting(text?: string) {
  const clock = manualClock(TIME);
  const disk = memoryDisk(clock.now);
  disk.put("mail/.smtpd/users", "");
  if (text !== undefined) disk.put(PATH, text);
  const log = fakeLog();
  const open = (on = disk) =>
    openGreylistFile({ path: PATH, disk: on, clock, log });
  return { clock, disk, log, open };
}

Deno.test("openGreylistFile() finds nothing where there is no file", async () => {
  const { open, log, disk } = setting();
  {
    await using file = await open();
    assertEquals(file.sightings, []);
  }
  assertEquals(log.lines, []);
  assertEquals(disk.text(PATH), undefined);
});

Deno.test("openGreylistFile() reads what it wrote", async () => {
  const { open, disk } = setting();
  {
    await using file = await open();
    file.keep(SIGHTINGS);
  }
  assertEquals(disk.text(PATH), TEXT);
  await using file = await open();
  assertEquals(file.sightings, SIGHTINGS);
});

Deno.test("openGreylistFile() passes over damaged lines and says so", async () => {
  const { open, log } = setting([
    "# a comment",
    "",
    `${TIME} 1 good`,
    `${TIME} 1`,
    `${TIME} -1 negative`,
    `${TIME} 1.5 fraction`,
    `${TIME} 1  two spaces`,
    "yesterday 1 no time",
    "half a li",
    `${TIME} 2 good too\r`,
    `${TIME} 3 good at last`,
  ].join("\n"));
  await using file = await open();
  assertEquals(file.sightings, [
    { who: "good", at: AT, passes: 1 },
    { who: "good too", at: AT, passes: 2 },
    { who: "good at last", at: AT, passes: 3 },
  ]);
  assertEquals(log.lines, [{
    level: "warn",
    event: "damaged greylist lines ignored",
    fields: { path: PATH, lines: 6 },
  }]);
});

Deno.test("openGreylistFile() finds nothing where the file can't be read", async () => {
  const { open, disk, log } = setting(TEXT);
  disk.before = (operation) => {
    if (operation === "read") throw diskError("EACCES", PATH);
  };
  await using file = await open();
  assertEquals(file.sightings, []);
  assertEquals(log.lines, [{
    level: "error",
    event: "greylist unreadable",
    fields: { path: PATH, why: `EACCES: ${PATH}` },
  }]);
});

Deno.test("keep() writes all changes of a minute at its end", async () => {
  const { open, disk, clock } = setting();
  await using file = await open();
  const sightings = SIGHTINGS.slice(0, 1);
  file.keep(sightings);
  await clock.advance(59_999);
  sightings.push(...SIGHTINGS.slice(1));
  file.keep(sightings);
  assertEquals(disk.text(PATH), undefined);
  await clock.advance(1);
  assertEquals(disk.text(PATH), TEXT);

  file.keep([]);
  await clock.advance(60_000);
  assertEquals(disk.text(PATH), HEADING);
});

Deno.test("keep() leaves the disk alone while nothing changes", async () => {
  const { open, disk, clock } = setting(TEXT);
  {
    await using file = await open();
    assertEquals(clock.waiting, 0);
    file.keep([]);
    await clock.advance(60_000);
    assertEquals(clock.waiting, 0);
    disk.trace.length = 0;
  }
  assertEquals(disk.trace, []);
});

Deno.test("keep() tries again when the disk fails, and says so", async () => {
  const { open, disk, clock, log } = setting(TEXT);
  await using file = await open();
  disk.before = (operation) => {
    if (operation === "sync") throw diskError("ENOSPC", PATH);
  };
  file.keep([]);
  await clock.advance(60_000);
  assertEquals(log.of("greylist not saved"), [
    { path: PATH, why: `ENOSPC: ${PATH}` },
  ]);
  assertEquals(disk.text(PATH), TEXT);

  disk.before = () => {};
  await clock.advance(60_000);
  assertEquals(disk.text(PATH), HEADING);
  assertEquals(disk.files(), [PATH, "mail/.smtpd/users"]);
});

Deno.test("keep() writes what changed while it was writing", async () => {
  const { open, disk, clock } = setting();
  await using file = await open();
  const goOn = holdUp(disk);
  file.keep([]);
  await clock.advance(60_000);
  file.keep(SIGHTINGS);
  await clock.advance(60_000);
  assertEquals(disk.text(PATH), undefined);
  goOn();
  await settle();
  assertEquals(disk.text(PATH), TEXT);
});

Deno.test("disposing writes all that changed, though it was writing", async () => {
  const { open, disk, clock } = setting();
  const file = await open();
  const goOn = holdUp(disk);
  file.keep([]);
  await clock.advance(60_000);
  file.keep(SIGHTINGS);
  const closing = file[Symbol.asyncDispose]();
  goOn();
  await closing;
  assertEquals(disk.text(PATH), TEXT);
  assertEquals(clock.waiting, 0);
});

/** Lets no write to the disk end until the returned function is called. */
function holdUp(disk: MemoryDisk): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  disk.before = (operation) => operation === "sync" ? promise : undefined;
  return () => {
    disk.before = () => {};
    resolve();
  };
}

Deno.test("disposing is the end of keeping", async () => {
  const { open, disk, clock } = setting(TEXT);
  const file = await open();
  await file[Symbol.asyncDispose]();
  file.keep([]);
  assertEquals(clock.waiting, 0);
  await file[Symbol.asyncDispose]();
  assertEquals(disk.text(PATH), TEXT);
});

Deno.test("disposing never throws, also when the disk fails", async () => {
  const { open, disk, clock, log } = setting();
  const file = await open();
  file.keep(SIGHTINGS);
  disk.before = () => {
    throw diskError("EIO", PATH);
  };
  await file[Symbol.asyncDispose]();
  assertEquals(log.of("greylist not saved"), [
    { path: PATH, why: `EIO: ${PATH}` },
  ]);
  assertEquals(clock.waiting, 0);
});

Deno.test("a power failure leaves the old greylist or the new one", async () => {
  const { open, disk, log } = setting(TEXT);
  const file = await open();
  const crashed: MemoryDisk[] = [];
  disk.before = () => void crashed.push(disk.crash(0), disk.crash(0.5));
  file.keep(SIGHTINGS.slice(0, 1));
  await file[Symbol.asyncDispose]();
  crashed.push(disk.crash());

  const found: number[] = [];
  for (const left of crashed) {
    await using after = await open(left);
    found.push(after.sightings.length);
  }
  assertEquals(found, [...found].sort((a, b) => b - a));
  assertEquals(new Set(found), new Set([3, 1]));
  assertEquals(found.at(-1), 1);
  assertEquals(log.lines, []);
});

Deno.test("a greylist goes on after a restart", async () => {
  const { open, disk, clock } = setting();
  const triplet = {
    address: "192.0.2.1",
    from: mailbox("vasya@another.test"),
    to: mailbox("petya@test.ru"),
  };
  {
    await using memory = await open();
    const greylist = makeGreylist({ delay: 60_000, clock, memory });
    assert(greylist.judge(triplet));
  }
  await clock.advance(60_000);
  await using memory = await open(disk.crash());
  const greylist = makeGreylist({ delay: 60_000, clock, memory });
  assertEquals(greylist.judge(triplet), undefined);
});
