/** How often each thing has happened. */
export class Counts {
  readonly #byName = new Map<string, number>();

  add(name: string, times = 1): void {
    this.#byName.set(name, (this.#byName.get(name) ?? 0) + times);
  }

  /** Adds those of another story. */
  addAll(other: Counts): void {
    for (const [name, times] of other.#byName) this.add(name, times);
  }

  of(name: string): number {
    return this.#byName.get(name) ?? 0;
  }

  /** A line for each thing, in alphabetical order. */
  toString(): string {
    return [...this.#byName].sort(([one], [other]) => one < other ? -1 : 1)
      .map(([name, times]) => `${String(times).padStart(10)}  ${name}\n`)
      .join("");
  }
}
