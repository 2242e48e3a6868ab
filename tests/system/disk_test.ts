import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { Disk } from "../../src/ports/disk.ts";
import { disk, promptDisk } from "../../src/system/disk.ts";

const windows = Deno.build.os === "windows";

/** Runs a test in a folder of its own. */
async function inFolder(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

testDisk("disk", disk);
testDisk("promptDisk", promptDisk);

function testDisk(name: string, disk: Disk): void {
  async function put(path: string, text: string): Promise<void> {
    using file = await disk.create(path);
    await file!.write(bytes(text));
  }

  Deno.test(`${name}: create() makes a new file and never touches an old one`, () =>
    inFolder(async (folder) => {
      const path = join(folder, "new");
      await put(path, "first");
      assertEquals(await disk.create(path), undefined);
      assertEquals(await Deno.readTextFile(path), "first");
      await assertRejects(() => disk.create(join(folder, "no", "new")));
    }));

  Deno.test(`${name}: append() writes at the end, and cuts`, () =>
    inFolder(async (folder) => {
      const path = join(folder, "log");
      {
        using file = await disk.append(path);
        await file.write(bytes("one "));
      }
      using file = await disk.append(path);
      assertEquals(await file.size(), 4);
      await file.write(bytes("two three"));
      await file.sync();
      assertEquals(await file.size(), 13);
      await file.truncate(8);
      await file.write(bytes("four"));
      assertEquals(await Deno.readTextFile(path), "one two four");
    }));

  Deno.test(
    `${name}: disk lets only the owner in`,
    { ignore: windows },
    () =>
      inFolder(async (folder) => {
        const [path, below] = [join(folder, "a"), join(folder, "b", "c")];
        await put(path, "");
        await disk.makeFolder(below);
        using _appended = await disk.append(join(below, "d"));
        for (
          const [each, mode] of [
            [path, 0o600],
            [join(folder, "b"), 0o700],
            [below, 0o700],
            [join(below, "d"), 0o600],
          ] as const
        ) {
          assertEquals((await Deno.stat(each)).mode! & 0o777, mode, each);
        }
      }),
  );

  Deno.test(`${name}: a file of disk closes twice without complaint`, () =>
    inFolder(async (folder) => {
      const file = await disk.create(join(folder, "a"));
      file![Symbol.dispose]();
      file![Symbol.dispose]();
      await assertRejects(() => file!.write(bytes("x")));
    }));

  Deno.test(`${name}: read() and stream() give the whole of a large file`, () =>
    inFolder(async (folder) => {
      const path = join(folder, "large");
      const text = "0123456789".repeat(20_000);
      await put(path, text);
      const decoder = new TextDecoder();
      assertEquals(decoder.decode(await disk.read(path)), text);
      let streamed = "";
      let pieces = 0;
      for await (const piece of disk.stream(path)) {
        streamed += decoder.decode(piece);
        pieces++;
      }
      assertEquals(streamed, text);
      assert(pieces > 1);
      for await (const _piece of disk.stream(path)) break; // Closes the file too.
      const [rest] = await Array.fromAsync(disk.stream(path, text.length - 3));
      assertEquals(decoder.decode(rest), "789");
      assertEquals(await Array.fromAsync(disk.stream(path, text.length)), []);
    }));

  Deno.test(
    `${name}: stat() knows a file by another name, and another by its name`,
    { ignore: windows },
    () =>
      inFolder(async (folder) => {
        const [one, other] = [join(folder, "one"), join(folder, "other")];
        await put(one, "text");
        const before = (await disk.stat(one))?.identity;
        assert(before);
        await disk.rename(one, other);
        await put(one, "text");
        assertEquals((await disk.stat(other))?.identity, before);
        assert((await disk.stat(one))?.identity !== before);
      }),
  );

  Deno.test(`${name}: disk gives undefined or false for what is not there`, () =>
    inFolder(async (folder) => {
      const path = join(folder, "none");
      assertEquals(await disk.read(path), undefined);
      assertEquals(await disk.stat(path), undefined);
      assertEquals(await disk.list(path), undefined);
      assertEquals(await disk.remove(path), false);
      await assertRejects(() => Array.fromAsync(disk.stream(path)));
      await assertRejects(() => disk.rename(path, path + "2"));
    }));

  Deno.test(`${name}: stat() and list() tell what is there`, () =>
    inFolder(async (folder) => {
      const path = join(folder, "a");
      await put(path, "four");
      await disk.makeFolder(join(folder, "b"));
      await disk.makeFolder(join(folder, "b"));
      const changed = new Date("2026-11-23T09:05:00.250Z");
      await Deno.utime(path, changed, changed);
      const { identity: _, ...found } = await disk.stat(path) ?? {};
      assertEquals(found, {
        size: 4,
        changedAt: changed.getTime(),
        folder: false,
      });
      assert((await disk.stat(join(folder, "b")))?.folder);
      assertEquals([...await disk.list(folder) ?? []].sort(), ["a", "b"]);
    }));

  Deno.test(`${name}: link() gives a file a second name, unless that is taken`, () =>
    inFolder(async (folder) => {
      const [a, b] = [join(folder, "a"), join(folder, "b")];
      await put(a, "text");
      assertEquals(await disk.link(a, b), true);
      await disk.remove(a);
      assertEquals(await Deno.readTextFile(b), "text");
      await put(a, "other");
      assertEquals(await disk.link(a, b), false);
      assertEquals(await Deno.readTextFile(b), "text");
      await assertRejects(() =>
        disk.link(join(folder, "no"), join(folder, "c"))
      );
    }));

  Deno.test(`${name}: rename() replaces, remove() removes, syncFolder() agrees`, () =>
    inFolder(async (folder) => {
      const [a, b] = [join(folder, "a"), join(folder, "b")];
      await put(a, "new");
      await put(b, "old");
      await disk.rename(a, b);
      await disk.syncFolder(folder);
      assertEquals(await Deno.readTextFile(b), "new");
      assertEquals(await disk.remove(b), true);
      assertEquals(await disk.list(folder), []);
    }));
}
