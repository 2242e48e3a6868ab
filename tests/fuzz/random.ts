/** Chance that can be had again: the same seed gives the same numbers. */
export interface Random {
  /** A whole number from 0 to `end`, which is not among them. */
  below(end: number): number;
  /** One of the items, of which there is at least one. */
  pick<Item>(items: readonly Item[]): Item;
  /** Whether something with this probability, from 0 to 1, happens. */
  chance(probability: number): boolean;
}

/** Chance from a seed, a 32-bit whole number: the generator `mulberry32` by Tommy Ettinger. */
export function random(seed: number): Random {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  return {
    below,
    pick: (items) => items[below(items.length)]!,
    chance: (probability) => next() < probability,
  };
}
