import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { pieces } from "../../src/ports/content.ts";
import type { Content } from "../../src/ports/content.ts";
import type { Disk, DiskFile } from "../../src/ports/disk.ts";
import { isDiskFull } from "../../src/ports/disk.ts";
import { openSpool } from "../../src/queue/spool.ts";
import { disk } from "../../src/system/disk.ts";
import { fakeLog, temporaryFolder } from "./fakes.ts";

const ID = "00000000ABC";

async function setUp(memoryLimit: number, using_: Disk = disk) {
  const temporary = await temporaryFolder();
  const folder = join(temporary.path, "spool");
  const log = fakeLog();
  const spool = await openSpool({ folder, disk: using_, log, memoryLimit });
  return {
    spool,
    log,
    folder,
    names: async () => [...await disk.list(folder) ?? []].sort(),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}

async function read(content: Content): Promise<number[]> {
  const octets: number[] = [];
  for await (const piece of pieces(content, disk)) octets.push(...piece);
  return octets;
}

/** The system's disk, its new files changed. */
function withFiles(change: (file: DiskFile) => Partial<DiskFile>): Disk {
  return {
    ...disk,
    async create(path) {
      const file = await disk.create(path);
      return file && { ...file, ...change(file) };
    },
  };
}

const full = Object.assign(new Error("no space"), { code: "ENOSPC" });

for (const limit of [1, 7, 64, 1000]) {
  for (const size of [1, 6, 7, 8, 65, 1000]) {
    Deno.test(`append() keeps every octet: pieces of ${size}, limit ${limit}`, async () => {
      await using temporary = await setUp(limit);
      const draft = temporary.spool.draft(ID);
      const sent = Array.from({ length: 1000 }, (_, index) => index % 251);
      const view = new Uint8Array(size);
      for (let start = 0; start < sent.length; start += size) {
        const piece = sent.slice(start, start + size);
        view.set(piece);
        await draft.append(view.subarray(0, piece.length));
        // The view is the caller's again.
        view.fill(255);
      }
      const content = await draft.finish();
      assertEquals(content.kind, limit < 1000 ? "file" : "bytes");
      assertEquals(await read(content), sent);
      assertEquals(await temporary.names(), limit < 1000 ? [ID] : []);
    });
  }
}

Deno.test("finish() has an empty content too", async () => {
  await using temporary = await setUp(10);
  assertEquals(await temporary.spool.draft(ID).finish(), {
    kind: "bytes",
    bytes: new Uint8Array(0),
  });
});

Deno.test("finish() syncs the file, then the folder that names it", async () => {
  const calls: string[] = [];
  await using temporary = await setUp(1, {
    ...withFiles((file) => ({
      write: (bytes) => (calls.push("write"), file.write(bytes)),
      sync: () => (calls.push("sync"), file.sync()),
    })),
    syncFolder: (path) => (calls.push("syncFolder"), disk.syncFolder(path)),
  });
  const draft = temporary.spool.draft(ID);
  await draft.append(new Uint8Array(9));
  await draft.append(new Uint8Array(1));
  assertEquals(calls, ["write"]);
  await draft.finish();
  assertEquals(calls, ["write", "write", "sync", "syncFolder"]);
});

Deno.test("discard() leaves nothing behind, at any time", async () => {
  await using temporary = await setUp(4);
  const { spool, names } = temporary;
  const unused = spool.draft("00000000001");
  await unused.discard();

  const open = spool.draft("00000000002");
  await open.append(new Uint8Array(9));
  assertEquals(await names(), ["00000000002"]);
  await open.discard();
  await open.discard();

  const finished = spool.draft("00000000003");
  await finished.append(new Uint8Array(9));
  await finished.finish();
  await finished.discard();
  assertEquals(await names(), []);
});

Deno.test("append() throws when the disk is full, and discard() cleans up", async () => {
  await using temporary = await setUp(
    4,
    withFiles(() => ({ write: () => Promise.reject(full) })),
  );
  const draft = temporary.spool.draft(ID);
  const error = await assertRejects(() => draft.append(new Uint8Array(9)));
  assert(isDiskFull(error));
  await draft.discard();
  assertEquals(await temporary.names(), []);
});

Deno.test("finish() throws when the sync fails, and discard() cleans up", async () => {
  await using temporary = await setUp(
    4,
    withFiles(() => ({ sync: () => Promise.reject(full) })),
  );
  const draft = temporary.spool.draft(ID);
  await draft.append(new Uint8Array(9));
  await assertRejects(() => draft.finish(), Error, "no space");
  await draft.discard();
  assertEquals(await temporary.names(), []);
});

Deno.test("discard() never throws", async () => {
  await using temporary = await setUp(4, {
    ...disk,
    remove: () => Promise.reject(new Error("in use")),
  });
  const draft = temporary.spool.draft(ID);
  await draft.append(new Uint8Array(9));
  await draft.discard();
  assertEquals(temporary.log.of("spool file not removed").length, 1);
});

Deno.test("append() leaves alone a file that was there before", async () => {
  await using temporary = await setUp(1);
  const path = join(temporary.folder, ID);
  await Deno.writeTextFile(path, "mine");
  const draft = temporary.spool.draft(ID);
  await assertRejects(
    () => draft.append(new Uint8Array(9)),
    Error,
    `Cannot spool message "${path}": file exists`,
  );
  await draft.discard();
  assertEquals(await Deno.readTextFile(path), "mine");
});

Deno.test("sweep() removes what no message has, and nothing else", async () => {
  await using temporary = await setUp(1);
  const { folder, spool, log, names } = temporary;
  for (const name of ["00000000001", "00000000002", "00000000003", "notes"]) {
    await Deno.writeTextFile(join(folder, name), "x");
  }
  await spool.sweep((id) =>
    id === "00000000003"
      ? Promise.reject(new Error("row is damaged"))
      : Promise.resolve(id === "00000000001")
  );
  assertEquals(await names(), ["00000000001", "00000000003", "notes"]);
  assertEquals(log.of("spool file removed").length, 1);
  assertEquals(log.of("spool file not removed").length, 1);
});
