import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { checkMailFolder } from "../../src/cli/check_mail_folder.ts";
import { disk } from "../../src/system/disk.ts";
import type { Room } from "../../src/system/room.ts";
import { memoryDisk } from "../store/memory_disk.ts";
import { temporaryFolder } from "../queue/fakes.ts";
import { linesOf, settingsOf } from "./check_fakes.ts";

const GB = 1_000_000_000;
const ROOM = { free: 10 * GB, total: 20 * GB, freeFiles: 50, totalFiles: 100 };

/** What is said of a mail folder in memory that has so much room. */
async function said(
  room: () => Promise<Room>,
  full?: () => void,
): Promise<readonly string[]> {
  const disk = memoryDisk();
  disk.put("/srv/mail/.smtpd/users", "");
  disk.before = (operation) => {
    if (operation === "write") full?.();
  };
  const settings = settingsOf(["--mail-dir", "/srv/mail"]);
  const findings = await checkMailFolder({ settings, disk, roomAt: room });
  assertEquals(disk.files(), ["srv/mail/.smtpd/users"]);
  assertEquals(disk.open, 0);
  return linesOf(findings);
}

const having = (room: Partial<Room>) => () =>
  Promise.resolve({ ...ROOM, ...room });

Deno.test("checkMailFolder() finds nothing where there is room", async () => {
  assertEquals(await said(having({})), []);
  // Some file systems don't count files.
  assertEquals(await said(having({ freeFiles: 0, totalFiles: 0 })), []);
});

Deno.test("checkMailFolder() calls a full disk a problem", async () => {
  assertEquals(
    await said(having({}), () => {
      throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    }),
    [
      'problem: --mail-dir: cannot write in "/srv/mail": no space is left on its ' +
      "disk; make some",
    ],
  );
});

Deno.test("checkMailFolder() warns of a disk that is almost full", async () => {
  const expected = (left: number) => [
    `warning: The disk of "/srv/mail" is almost full: ${left} MB are left; make ` +
    "room, or mail will be put off",
  ];
  assertEquals(await said(having({ free: GB / 20, total: GB })), expected(50));
  assertEquals(
    await said(having({ free: 10 * GB, total: 2000 * GB })),
    expected(10_000),
  );
  assertEquals(await said(having({ freeFiles: 9, totalFiles: 1000 })), [
    'warning: The disk of "/srv/mail" can hold 9 more files, and each mail is ' +
    "one; remove some",
  ]);
});

Deno.test("checkMailFolder() notes that it can't see how full the disk is", async () => {
  assertEquals(
    await said(() => Promise.reject(new Error("it won't say"))),
    ["note: How full the disk is can't be seen: it won't say"],
  );
  assertEquals(
    await said(() => Promise.reject(new Deno.errors.NotCapable("no sys"))),
    ["note: How full the disk is can't be seen: that takes --allow-sys=statfs"],
  );
});

Deno.test("checkMailFolder() makes the folder to try it, and removes it again", async () => {
  await using folder = await temporaryFolder();
  const mailDir = join(folder.path, "mail");
  const settings = settingsOf(["--mail-dir", mailDir]);
  const roomAt = having({});
  assertEquals(await checkMailFolder({ settings, disk, roomAt }), []);
  assertEquals(await disk.list(folder.path), []);

  await Deno.writeTextFile(mailDir, "");
  const [line = ""] = linesOf(
    await checkMailFolder({ settings, disk, roomAt }),
  );
  assertMatch(
    line,
    /^problem: --mail-dir: cannot write .*: a file has this name$/,
  );
});
