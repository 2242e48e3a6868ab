/** What inputs of every kind are made of. Octets are widened to UTF-16 units where they are text. */
import type { Random } from "./random.ts";

/** Up to `most` pieces, one after the other. */
export function repeat(
  random: Random,
  most: number,
  piece: () => string,
): string {
  let pieces = "";
  for (let count = random.below(most + 1); count > 0; count--) {
    pieces += piece();
  }
  return pieces;
}

/** Up to `most` items. */
export function several<Item>(
  random: Random,
  most: number,
  item: () => Item,
): readonly Item[] {
  return Array.from({ length: random.below(most + 1) }, item);
}

/** Up to `most` octets without sense. */
export function anyOctets(
  random: Random,
  most: number,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(random.below(most + 1)).map(() => random.below(256));
}

/** Characters that somebody along the way might trip over. */
const CHARACTERS: readonly string[] = [
  ..."aZ09 .,:;@<>()[]{}\"'\\/%&=+-_#$*?!|~^`",
  ...["\t", "\r", "\n", "\0", "\x1b", "\x7f", "\u0085", "\u009b", "\u00ad"],
  ...["\u200e", "\u202e", "\u2028", "\ufeff", "\ufffd", "ж", "ß", "İ", "ſ"],
  ...["e\u0301", "中", "😀", "\ud800", "\udc00"],
];

/** Text of odd characters, halves of surrogate pairs among them. */
export function anyText(random: Random, most: number): string {
  return repeat(
    random,
    most,
    () =>
      random.chance(0.9)
        ? random.pick(CHARACTERS)
        : String.fromCodePoint(random.below(0xd800)),
  );
}

/** Text with a few things changed: parts left out, doubled, moved, and tokens put in. */
export function changed(
  random: Random,
  text: string,
  tokens: readonly string[],
): string {
  let input = text;
  for (let changes = random.below(6); changes >= 0; changes--) {
    const at = random.below(input.length + 1);
    const to = random.chance(0.5) ? at + random.below(12) : at;
    const part = input.slice(at, to);
    const insert = random.pick([
      "",
      part + part,
      random.pick(tokens),
      random.pick(tokens),
    ]);
    input = input.slice(0, at) + insert + input.slice(to);
  }
  return input;
}

/** Octets with a few of them changed, left out or put in. */
export function changedOctets(
  random: Random,
  octets: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const all = [...octets];
  for (let changes = random.below(5); changes >= 0; changes--) {
    const at = random.below(all.length + 1);
    const gone = random.pick([0, 1, 1, 1, random.below(20)]);
    const octet = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
    all.splice(at, gone, ...random.chance(0.8) ? [octet] : []);
  }
  return Uint8Array.from(random.chance(0.1) ? all.slice(0, -5) : all);
}

/** Octets cut into pieces. */
export function cut(
  random: Random,
  octets: Uint8Array<ArrayBuffer>,
): readonly Uint8Array<ArrayBuffer>[] {
  const most = random.pick([1, 2, 7, 64, 5000]);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < octets.length;) {
    const size = 1 + random.below(most);
    pieces.push(octets.slice(at, at + size));
    at += size;
  }
  return pieces;
}

/** Octets of text of which each UTF-16 unit stands for one. */
export function narrow(octets: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(octets, (octet) => octet.charCodeAt(0));
}

/** Octets joined. */
export function joined(
  pieces: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
