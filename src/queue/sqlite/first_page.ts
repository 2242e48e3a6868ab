import { readBtreePage } from "./btree_page.ts";
import type { Pages } from "./pages.ts";
import { readRecord } from "./record.ts";

/** Where the trees of a queue begin: the numbers of their first pages. */
export interface Roots {
  readonly message: number;
  readonly message_due: number;
  readonly attempt: number;
  readonly standing_order: number;
}

/** Where they begin in a queue that wasn't made by an older version of this program. */
const ROOTS: Roots = {
  message: 2,
  message_due: 3,
  attempt: 4,
  standing_order: 5,
};

/** Where the trees begin, as far as the first page says. */
export async function readRoots(pages: Pages): Promise<Roots> {
  const page = await pages.page(1);
  const cells = page && readBtreePage(page, { first: true })?.cells;
  const roots = cells?.flatMap(({ start }) => {
    try {
      const [, name, , root] = readRecord(start);
      return [[String(name), Number(root)]];
    } catch {
      return [];
    }
  });
  return { ...ROOTS, ...Object.fromEntries(roots ?? []) };
}

/** Pages that SQLite keeps for later use. Their old contents are still there. */
export interface FreePages {
  readonly numbers: ReadonlySet<number>;
  /** Whether these are all. */
  readonly complete: boolean;
}

/** Reads the list of free pages, as far as it goes. */
export async function readFreePages(pages: Pages): Promise<FreePages> {
  const numbers = new Set<number>();
  const first = await pages.page(1);
  if (first === undefined) return { numbers, complete: false };
  const header = viewOf(first);
  for (let trunk = header.getUint32(32); trunk !== 0;) {
    const page = numbers.has(trunk) ? undefined : await pages.page(trunk);
    if (page === undefined) return { numbers, complete: false };
    numbers.add(trunk);
    const view = viewOf(page);
    const count = Math.min(view.getUint32(4), page.length / 4 - 2);
    for (let leaf = 0; leaf < count; leaf++) {
      numbers.add(view.getUint32(8 + 4 * leaf));
    }
    trunk = view.getUint32(0);
  }
  const complete = numbers.size === header.getUint32(36) &&
    Array.from(numbers).every((each) => each > 1 && each <= pages.count) &&
    headerFault(first) === undefined;
  return { numbers, complete };
}

/**
 * What is wrong with the settings at the top of a database's first page, some of which SQLite would
 * believe whatever they say; `undefined` when nothing is. See
 * https://sqlite.org/fileformat2.html#the_database_header.
 */
export function headerFault(
  page: Uint8Array<ArrayBuffer>,
): string | undefined {
  const view = viewOf(page);
  const isText = SIGNATURE.every((octet, at) => page[at] === octet);
  if (!isText) return "file is not a database";
  const [at] =
    Object.entries(SETTINGS).find(([at, allowed]) =>
      !allowed.includes(view.getUint16(Number(at)))
    ) ?? [];
  return at && `octet ${at} of its header is wrong`;
}

const SIGNATURE = new TextEncoder().encode("SQLite format 3\0");

/** What may be at some places of a queue's header, two octets at a time. */
const SETTINGS: Readonly<Record<number, readonly number[]>> = {
  16: [4096], // Octets of a page.
  18: [0x0202, 0x0101], // A write-ahead log, or not yet.
  20: [0x0040], // Nothing reserved; fractions of a page, which are fixed.
  22: [0x2020],
  52: [0], // The file isn't shortened by SQLite.
  54: [0],
  56: [0],
  58: [1], // Text is UTF-8.
};

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
