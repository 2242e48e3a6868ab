import type { Disk } from "../../ports/disk.ts";

/** Reads octets of a file from `from` on: `length` of them, or fewer where the file ends. */
export type ReadPart = (
  from: number,
  length: number,
) => Promise<Uint8Array<ArrayBuffer>>;

/** Reads a file anywhere, a piece of it at a time, the last pieces remembered. */
export function readParts(path: string, disk: Pick<Disk, "stream">): ReadPart {
  const pieces = new Map<number, Uint8Array<ArrayBuffer>>();

  return async (from, length) => {
    const part = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const at = from + done;
      const start = at - at % PIECE;
      const found = (await pieceAt(start)).subarray(at - start);
      if (found.length === 0) return part.subarray(0, done);
      const taken = found.subarray(0, length - done);
      part.set(taken, done);
      done += taken.length;
    }
    return part;
  };

  async function pieceAt(start: number): Promise<Uint8Array<ArrayBuffer>> {
    const known = pieces.get(start);
    if (known) return known;
    const piece = await readPiece(start);
    if (pieces.size >= REMEMBERED) pieces.delete(pieces.keys().next().value!);
    pieces.set(start, piece);
    return piece;
  }

  async function readPiece(start: number): Promise<Uint8Array<ArrayBuffer>> {
    const piece = new Uint8Array(PIECE);
    let length = 0;
    for await (const bytes of disk.stream(path, start)) {
      const taken = bytes.subarray(0, PIECE - length);
      piece.set(taken, length);
      length += taken.length;
      if (length === PIECE) break;
    }
    return piece.subarray(0, length);
  }
}

/** Octets in a piece. */
const PIECE = 64 * 1024;

/** Pieces kept in memory. */
const REMEMBERED = 64;
