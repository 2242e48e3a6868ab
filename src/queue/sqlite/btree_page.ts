import { readVarint } from "./record.ts";

/** Octets of a page: SQLite's own choice, which a queue keeps. */
export const PAGE_SIZE = 4096;

/** A page of a B-tree: of a table, whose rows are in its leaves, or of an index. */
export interface BtreePage {
  readonly tree: "table" | "index";
  readonly leaf: boolean;
  /** Numbers of the pages below it. */
  readonly children: readonly number[];
  readonly cells: readonly Cell[];
  /** Whether some of it makes no sense, and is left out. */
  readonly damaged: boolean;
}

/** A row, or an entry of an index. */
export interface Cell {
  /** The row's key; 0 in an index. */
  readonly key: number;
  /** Octets of its record. */
  readonly size: number;
  /** As many of them as are on this page. */
  readonly start: Uint8Array<ArrayBuffer>;
  /** The page on which they go on; 0 when all are here. */
  readonly next: number;
}

/**
 * Reads a page of a B-tree; `undefined` when it isn't one. The first page of a database has other
 * things at its top. See https://sqlite.org/fileformat2.html#b_tree_pages.
 */
export function readBtreePage(
  page: Uint8Array<ArrayBuffer>,
  { first = false }: { readonly first?: boolean } = {},
): BtreePage | undefined {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const top = first ? DATABASE_HEADER_SIZE : 0;
  const kind = KINDS[view.getUint8(top)];
  if (kind === undefined) return undefined;
  const { tree, leaf } = kind;
  const pointers = top + (leaf ? 8 : 12);
  const most = Math.floor((page.length - pointers) / 2);
  const count = Math.min(view.getUint16(top + 3), most);

  const children: number[] = [];
  const cells: Cell[] = [];
  let used = freeOctets(view, top);
  for (let index = 0; index < count; index++) {
    const at = view.getUint16(pointers + 2 * index);
    try {
      if (at < pointers + 2 * count) throw new RangeError("Cell out of place");
      if (!leaf) children.push(view.getUint32(at));
      const { cell, end } = readCell(page, leaf ? at : at + 4, kind);
      if (cell) cells.push(cell);
      used += Math.max(end - at, SMALLEST_CELL);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      used = NaN;
    }
  }
  if (!leaf) children.push(view.getUint32(top + 8));
  // What is behind the first cell is cells and holes between them, and nothing else.
  const damaged = view.getUint16(top + 5) + used !== page.length;
  return { tree, leaf, children, cells, damaged };
}

/** Octets of the holes between a page's cells; NaN when they make no sense. */
function freeOctets(view: DataView, top: number): number {
  let octets = view.getUint8(top + 7);
  let last = 0;
  for (let at = view.getUint16(top + 1); at !== 0;) {
    if (at <= last || at + 4 > view.byteLength) return NaN;
    octets += view.getUint16(at + 2);
    last = at;
    at = view.getUint16(at);
  }
  return octets;
}

/** Reads a cell behind the number of its child; throws a RangeError when it doesn't fit on the page. */
function readCell(
  page: Uint8Array<ArrayBuffer>,
  at: number,
  { tree, leaf }: Pick<BtreePage, "tree" | "leaf">,
): { readonly cell: Cell | undefined; readonly end: number } {
  if (tree === "table" && !leaf) {
    return { cell: undefined, end: readVarint(page, at)[1] };
  }
  const [size, afterSize] = readVarint(page, at);
  const [key, from] = tree === "table"
    ? readVarint(page, afterSize)
    : [0, afterSize];
  const local = localSize(size, tree);
  const end = from + local + (local < size ? 4 : 0);
  if (end > page.length) throw new RangeError("Cell out of place");
  const next = local < size
    ? new DataView(page.buffer, page.byteOffset + from + local).getUint32(0)
    : 0;
  const start = page.subarray(from, from + local);
  return { cell: { key, size, start, next }, end };
}

/** Octets that a cell takes at least, whatever is in it. */
const SMALLEST_CELL = 4;

/** How many octets of a record are in its cell; the others are on pages of their own. */
function localSize(size: number, tree: BtreePage["tree"]): number {
  const most = tree === "table"
    ? PAGE_SIZE - 35
    : Math.floor((PAGE_SIZE - 12) * 64 / 255) - 23;
  if (size <= most) return size;
  const least = Math.floor((PAGE_SIZE - 12) * 32 / 255) - 23;
  const fitting = least + (size - least) % (PAGE_SIZE - 4);
  return fitting <= most ? fitting : least;
}

/** Kinds of pages, by their first octet. */
const KINDS: Readonly<Record<number, Pick<BtreePage, "tree" | "leaf">>> = {
  2: { tree: "index", leaf: false },
  5: { tree: "table", leaf: false },
  10: { tree: "index", leaf: true },
  13: { tree: "table", leaf: true },
};

const DATABASE_HEADER_SIZE = 100;
