import { PAGE_SIZE } from "./btree_page.ts";
import type { ReadPart } from "./file_parts.ts";

/** The pages that a write-ahead log has, as of a commit. */
export interface LoggedPages {
  /**
   * Where in the log the newest content of a page begins, by the page's number; `undefined` of one
   * whose newest content is damaged.
   */
  readonly places: ReadonlyMap<number, number | undefined>;
  /** Pages of the database after that commit; 0 when nothing was committed. */
  readonly count: number;
}

/** What a write-ahead log has. */
export interface Wal {
  /** What SQLite would find in it after a crash: all up to the last commit before any damage. */
  readonly found: LoggedPages;
  /** What it has all in all, if more was committed behind the damage. */
  readonly beyond: LoggedPages | undefined;
}

/**
 * Reads a write-ahead log. SQLite takes a frame with a wrong checksum for the end of what was written
 * before a crash, and says nothing of what follows. But a crash spoils the last transaction only: when
 * others follow the wrong frame, it is damaged. See https://sqlite.org/fileformat2.html#walformat.
 */
export async function readWal(read: ReadPart): Promise<Wal> {
  const header = await read(0, HEADER_SIZE);
  if (header.length < HEADER_SIZE) return { found: NOTHING, beyond: undefined };
  let damaged = !isHeader(header);
  /** Commits since the first frame that is damaged, those in doubt among them. */
  let doubted = 0;
  let found = NOTHING;
  let places = new Map<number, number | undefined>();
  let uncommitted = new Map<number, number | undefined>();
  let last = NOTHING;
  for await (const frame of framesOf(read, header)) {
    if (!frame.whole && !damaged) {
      damaged = true;
      places = new Map(places);
    }
    uncommitted.set(frame.page, frame.whole ? frame.place : undefined);
    if (frame.committed === 0) continue;
    if (damaged) doubted++;
    if (!frame.whole) continue;
    for (const [page, place] of uncommitted) places.set(page, place);
    uncommitted = new Map();
    last = { places, count: frame.committed };
    if (!damaged) found = last;
  }
  return { found, beyond: doubted > 1 ? last : undefined };
}

const NOTHING: LoggedPages = { places: new Map(), count: 0 };

interface Frame {
  /** The number of the page it has. */
  readonly page: number;
  /** Where that begins. */
  readonly place: number;
  /** Of the last frame of a transaction, how many pages there are then; else 0. */
  readonly committed: number;
  /** Whether its checksum fits it and the frame before. */
  readonly whole: boolean;
}

/** The frames behind a log's header. Behind them may be some of an older log. */
async function* framesOf(
  read: ReadPart,
  header: Uint8Array<ArrayBuffer>,
): AsyncGenerator<Frame> {
  const top = viewOf(header);
  let before = sumsAt(top, 24);
  let salt = isHeader(header) ? saltAt(top, 16) : undefined;
  for (let at = HEADER_SIZE;; at += FRAME_SIZE) {
    const frame = await read(at, FRAME_SIZE);
    if (frame.length < FRAME_SIZE) return;
    const view = viewOf(frame);
    salt ??= saltAt(view, 8);
    const isOfThisLog = salt === saltAt(view, 8);
    const start = addUp(before, frame.subarray(0, 8));
    const sums = addUp(start, frame.subarray(FRAME_HEADER_SIZE));
    yield {
      page: view.getUint32(0),
      place: at + FRAME_HEADER_SIZE,
      committed: isOfThisLog ? view.getUint32(4) : 0,
      whole: isOfThisLog && isSealed(view, 16, sums),
    };
    before = sumsAt(view, 16);
  }
}

function isHeader(header: Uint8Array<ArrayBuffer>): boolean {
  const view = viewOf(header);
  return view.getUint32(0) === MAGIC &&
    isSealed(view, 24, addUp([0, 0], header.subarray(0, 24)));
}

type Sums = readonly [number, number];

/** The log's checksum of octets, 8 at a time, begun by others. */
function addUp(
  [first, second]: Sums,
  bytes: Uint8Array<ArrayBuffer>,
): Sums {
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + view.getUint32(at, true) + second) >>> 0;
    second = (second + view.getUint32(at + 4, true) + first) >>> 0;
  }
  return [first, second];
}

function isSealed(view: DataView, at: number, sums: Sums): boolean {
  const [first, second] = sumsAt(view, at);
  return first === sums[0] && second === sums[1];
}

function sumsAt(view: DataView, at: number): Sums {
  return [view.getUint32(at), view.getUint32(at + 4)];
}

/** What tells a log from the one that was in the file before. */
function saltAt(view: DataView, at: number): bigint {
  return view.getBigUint64(at);
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** That of a log written on a little-endian machine, as all are that this program runs on. */
const MAGIC = 0x377f0682;
const HEADER_SIZE = 32;
const FRAME_HEADER_SIZE = 24;
const FRAME_SIZE = FRAME_HEADER_SIZE + PAGE_SIZE;
