import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { readBtreePage } from "../../../src/queue/sqlite/btree_page.ts";
import { random } from "../../fuzz/random.ts";
import { temporaryFolder } from "../fakes.ts";
import { fillQueue, PAGE } from "./damage.ts";

/** The pages of every tree of a queue, with what SQLite says of them. */
async function treePages() {
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  await fillQueue(folder, 150, { chance: random(5) });
  const path = join(folder, "queue.db");
  const file = await Deno.readFile(path);
  using database = new DatabaseSync(path);
  const rows = database.prepare(
    "SELECT pageno, ncell, name, pagetype FROM dbstat WHERE pagetype != 'overflow'",
  ).all();
  return rows.map(({ pageno, ncell, name, pagetype }) => {
    const end = Number(pageno) * PAGE;
    return {
      bytes: file.slice(end - PAGE, end),
      options: { first: pageno === 1 },
      cells: Number(ncell),
      leaf: pagetype === "leaf",
      tree: ["message_due", "attempt"].includes(String(name))
        ? "index"
        : "table",
    };
  });
}

Deno.test("readBtreePage() reads every page of every tree, and finds none damaged", async () => {
  const pages = await treePages();
  assert(pages.some(({ leaf, tree }) => !leaf && tree === "table"));
  assert(pages.some(({ leaf, tree }) => !leaf && tree === "index"));
  for (const { bytes, options, cells, leaf, tree } of pages) {
    const page = readBtreePage(bytes, options);
    assertEquals([page?.leaf, page?.tree], [leaf, tree]);
    assertEquals(page?.damaged, false);
    if (!leaf) assertEquals(page?.children.length, cells + 1);
    if (leaf || tree === "index") assertEquals(page?.cells.length, cells);
  }
});

Deno.test("readBtreePage() notices that the count or the places of its cells are wrong", async () => {
  const chance = random(6);
  for (const { bytes, options, cells, leaf } of await treePages()) {
    if (cells === 0) continue;
    const top = (options.first ? 100 : 0) + (leaf ? 8 : 12);
    const places = [
      (options.first ? 100 : 0) + 4, // The count.
      top + 2 * chance.below(cells) + chance.below(2),
    ];
    for (const place of places) {
      const damaged = bytes.slice();
      damaged[place]! ^= 1 << chance.below(8);
      const page = readBtreePage(damaged, options);
      assertEquals(page?.damaged, true, `octet ${place}`);
    }
  }
});

Deno.test("readBtreePage() makes no page of what isn't one", () => {
  assertEquals(readBtreePage(new Uint8Array(PAGE)), undefined);
  const text = new TextEncoder().encode("\rDear diary,\n".repeat(400));
  assertEquals(readBtreePage(text.slice(0, PAGE))?.damaged, true);
});
