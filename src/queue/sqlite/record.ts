/** A column's value. */
export type Value = null | number | string | Uint8Array<ArrayBuffer>;

/**
 * The values of a row's record, of which the end may be missing: then so is the end of its last
 * value, or all of it. Throws a RangeError for octets that aren't a record.
 * See https://sqlite.org/fileformat2.html#record_format.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readRecord } from "./record.ts";
 *
 * const record = new Uint8Array([4, 0, 1, 17, 254, 104, 105]);
 * assertEquals(readRecord(record), [null, -2, "hi"]);
 * assertEquals(readRecord(record.subarray(0, 6)), [null, -2, "h"]);
 * ```
 */
export function readRecord(record: Uint8Array<ArrayBuffer>): readonly Value[] {
  const [headerSize, start] = readVarint(record, 0);
  if (headerSize > record.length) throw new RangeError("Record has no header");
  const values: Value[] = [];
  let from = headerSize;
  for (let at = start; at < headerSize;) {
    const [type, next] = readVarint(record, at);
    const size = sizeOf(type);
    values.push(valueOf(type, record.subarray(from, from + size)));
    from += size;
    at = next;
  }
  return values;
}

/**
 * A whole number of 1 to 9 octets, and where it ends. Throws a RangeError when the octets end before,
 * or when it is above 53 bits or negative, which none of ours is.
 */
export function readVarint(
  bytes: Uint8Array,
  from: number,
): [value: number, end: number] {
  let value = 0;
  for (let at = from; at < from + 8; at++) {
    const octet = bytes[at];
    if (octet === undefined) break;
    value = value * 128 + (octet & 0x7f);
    if (!Number.isSafeInteger(value)) break;
    if (octet < 0x80) return [value, at + 1];
  }
  throw new RangeError("Not a number of ours");
}

function sizeOf(type: number): number {
  return type < 12 ? SIZES[type] ?? 0 : Math.floor((type - 12) / 2);
}

/** Octets of the types that are not text or octets, by their number. */
const SIZES: readonly number[] = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

function valueOf(type: number, bytes: Uint8Array<ArrayBuffer>): Value {
  if (type >= 12) return type % 2 === 0 ? bytes.slice() : TEXT.decode(bytes);
  if (type === 8 || type === 9) return type - 8;
  const size = sizeOf(type);
  // We keep no fractions, which are type 7.
  if (size === 0 || type === 7 || bytes.length < size) return null;
  return integerOf(bytes);
}

function integerOf(bytes: Uint8Array): number {
  const negative = (bytes[0] ?? 0) >= 0x80;
  let value = negative ? -1 : 0;
  for (const octet of bytes) value = value * 256 + octet;
  return value;
}

const TEXT = new TextDecoder();
