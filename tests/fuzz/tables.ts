/**
 * The users, the aliases and the greylist, as people, programs and accidents leave them: a file is
 * read or clearly refused; what a change leaves is read as it was meant, and every other line stays.
 */
import { assert, assertEquals } from "@std/assert";
import { type Aliases, openAliases } from "../../src/store/aliases.ts";
import { openGreylistFile } from "../../src/store/greylist_file.ts";
import { openUsers } from "../../src/store/users.ts";
import { formatMailbox, type Mailbox } from "../../src/smtp/address.ts";
import { canonicalDomain, mailboxKey } from "../../src/store/canonical.ts";
import { manualClock } from "../log/manual_clock.ts";
import { keptLog } from "../store/fixtures.ts";
import { type MemoryDisk, memoryDisk } from "../store/memory_disk.ts";
import { anyAddress } from "./addresses.ts";
import { anyText, changed, repeat, several } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showingLater } from "./target.ts";

const KEY = btoa("x".repeat(32));
const SCRYPT = `scrypt$1024$8$1$AAAA$${KEY}`;
const SCRAM = `scram-sha-256$4096$AAAA$${KEY}$${KEY}`;
const PIECES = [
  ...["a@b.ru", "petya@test.ru", '"a b"@test.ru', '"#"@test.ru', "@test.ru"],
  ...[":", ": ", ",", ", ", " ", "\t", "\n", "\r\n", "#", " # note", '"', "\\"],
  ...[
    SCRYPT,
    SCRAM,
    "$",
    "scrypt$",
    "md5$x",
    "\u00a0",
    "\u2028",
    "\ufeff",
    "ж",
  ],
  ...["\0", "[", "]", "[IPv6:::1]", "2026-01-01T00:00:00.000Z 0 ", " 1 <", ">"],
  ...["9999-99-99", " -1 ", "192.0.2.0/24", "+275760-09-13T00:00:00.001Z 1 a"],
];
const FILE = "f/file";

/** One try. */
export async function tables(seed: number): Promise<void> {
  const chance = random(seed);
  const text = anyFile(chance);
  await showingLater(text, async () => {
    await checkUsers(text, chance);
    await checkAliases(text, chance);
    await checkGreylist(text);
  });
}

function anyFile(chance: Random): string {
  const line = () =>
    chance.pick([
      () => `${formatMailbox(anyAddress(chance))} ${SCRYPT} ${SCRAM}\n`,
      () => {
        const [one, other] = [anyAddress(chance), anyAddress(chance)];
        return `${formatMailbox(one)}: ${formatMailbox(other)}\n`;
      },
      () => "# a note\n",
      () => "\n",
    ])();
  const text = chance.chance(0.2) ? anyText(chance, 40) : repeat(
    chance,
    10,
    () => chance.chance(0.8) ? line() : chance.pick(PIECES),
  );
  return chance.chance(0.5) ? changed(chance, text, PIECES) : text;
}

function optionsOn(disk: MemoryDisk) {
  const clock = manualClock("2026-01-01T00:00:00Z");
  return { path: FILE, disk, clock, log: keptLog() };
}

/** A disk with the text as its file. */
function diskWith(text: string): MemoryDisk {
  const disk = memoryDisk();
  disk.put(FILE, text.toWellFormed());
  return disk;
}

/** What a reader gives; `undefined` when it clearly says that the file is damaged. */
async function unlessDamaged<Value>(
  reading: Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (cause) {
    const clear = cause instanceof SyntaxError &&
      /^Cannot read "f\/file": (?:line \d+: .|it is not)/.test(cause.message);
    if (!clear) throw cause;
    return undefined;
  }
}

async function checkUsers(text: string, chance: Random): Promise<void> {
  const disk = diskWith(text);
  const users = await unlessDamaged(openUsers(optionsOn(disk)));
  if (users === undefined) return;
  const before = await users.list();
  if (before.length === 0) return;
  const gone = chance.pick(before);
  const lines = linesOf(disk);
  await users.remove(gone);
  assertEquals(linesOf(disk).length, lines.length - 1);
  assert(linesOf(disk).every((line) => lines.includes(line)), "another line");
  const after = await openUsers(optionsOn(disk));
  assertEquals(await after.list(), before.filter((each) => each !== gone));
}

async function checkAliases(text: string, chance: Random): Promise<void> {
  const disk = diskWith(text);
  const aliases = await unlessDamaged(openAliases(optionsOn(disk)));
  if (aliases === undefined) return;
  const before = await aliases.list();
  const address = anyAddress(chance);
  const targets = several(chance, 3, () => anyAddress(chance));
  if (!await added(aliases, address, targets)) {
    assertEquals(await (await openAliases(optionsOn(disk))).list(), before);
    return;
  }
  const lines = linesOf(disk);
  const after = await (await openAliases(optionsOn(disk))).list();
  assertEquals(after, await aliases.list());
  const ours = after.find((each) => each.address === mailboxKey(address));
  const all = ours?.targets.map(formatMailbox) ?? [];
  for (const { local, domain } of targets) {
    const target = { local, domain: canonicalDomain(domain) };
    assert(all.includes(formatMailbox(target)), "a target isn't there");
  }
  await aliases.remove(mailboxKey(address));
  assertEquals(linesOf(disk).length, lines.length - 1);
}

/** Whether it was added; if not, for a reason that was told. */
async function added(
  aliases: Aliases,
  address: Mailbox,
  targets: readonly Mailbox[],
): Promise<boolean> {
  try {
    await aliases.add(formatMailbox(address), targets.map(formatMailbox));
    return true;
  } catch (cause) {
    if (!(cause instanceof Error) || !/^Cannot /.test(cause.message)) {
      throw cause;
    }
    return false;
  }
}

async function checkGreylist(text: string): Promise<void> {
  const disk = diskWith(text);
  const { sightings, ...before } = await openGreylistFile(optionsOn(disk));
  before.keep(sightings);
  await before[Symbol.asyncDispose]();
  const again = await openGreylistFile(optionsOn(disk));
  assertEquals(again.sightings, sightings);
  for (const { who, at, passes } of sightings) {
    assert(who !== "" && !who.includes("\n"), "nobody");
    assert(Number.isFinite(at) && Number.isInteger(passes), "not a number");
  }
}

function linesOf(disk: MemoryDisk): readonly string[] {
  const lines = disk.text(FILE)!.split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}
