/**
 * The name that `word` most likely meant: the one that fewest changes of a letter make of it, if
 * they are few.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nearest } from "./nearest.ts";
 *
 * assertEquals(nearest("prot", ["host", "port"]), "port");
 * assertEquals(nearest("relay", ["host", "port"]), undefined);
 * ```
 */
export function nearest(
  word: string,
  names: readonly string[],
): string | undefined {
  let best: string | undefined;
  let fewest = Math.floor(word.length / 3) + 2;
  for (const name of names) {
    // No fewer changes than that, and a very long word takes long to compare.
    if (Math.abs(name.length - word.length) >= fewest) continue;
    const changes = distance(word, name);
    if (changes < fewest) [best, fewest] = [name, changes];
  }
  return best;
}

/** Letters to insert, remove or replace to make `to` of `from` (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
