import { setImmediate } from "node:timers";
import { type Random, random } from "../fuzz/random.ts";

/** The time at which every world begins, milliseconds since the Unix epoch. */
export const BEGINNING = Date.UTC(2026, 10, 23);

/** What is going to happen. */
interface Event {
  readonly time: number;
  /** Tells events of the same time apart: the first planned comes first. */
  readonly number: number;
  task: (() => void) | undefined;
}

/**
 * Everything that isn't the program: the time, chance, and what happens next. One thing happens
 * after another, and all that follows from it before the next, so that one seed is one story.
 */
export class World {
  readonly chance: Random;
  readonly #queue: Event[] = [];
  #time = BEGINNING;
  #planned = 0;
  #happened = 0;
  #hash = 0x811c9dc5;
  #listener: ((line: string) => void) | undefined;

  /** `listener` is told the story, line by line. */
  constructor(seed: number, listener?: (line: string) => void) {
    this.chance = random(seed);
    this.#listener = listener;
  }

  /** Milliseconds since the Unix epoch. */
  get now(): number {
    return this.#time;
  }

  /** How many things have happened. */
  get happened(): number {
    return this.#happened;
  }

  /** A number that stands for the whole story so far (FNV-1a). */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** A whole number from `least` to `most`, both among them. */
  between(least: number, most: number): number {
    return least + this.chance.below(most - least + 1);
  }

  /** Plans something `delay` milliseconds from now; the function returned calls it off. */
  after(delay: number, task: () => void): () => void {
    const time = this.#time + Math.max(0, Math.ceil(delay));
    const event: Event = { time, number: this.#planned++, task };
    insert(this.#queue, event);
    return () => event.task = undefined;
  }

  /** Resolves `delay` milliseconds from now. */
  pause(delay: number): Promise<void> {
    return new Promise((resolve) => void this.after(delay, resolve));
  }

  /** Lets time pass in which nothing happens, as while the machine is off. */
  skip(milliseconds: number): void {
    this.#time += milliseconds;
  }

  /** Adds a line to the story. */
  tell(line: string): void {
    for (let at = 0; at < line.length; at++) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(at), 0x01000193);
    }
    this.#hash = Math.imul(this.#hash ^ (this.#time & 0xffff), 0x01000193);
    this.#listener?.(`${this.#time - BEGINNING} ${line}`);
  }

  /**
   * Lets things happen until `isOver` says so; returns whether it did before there was nothing left
   * or more than `most` things had happened.
   */
  async run(isOver: () => boolean, most: number): Promise<boolean> {
    await settled();
    for (let left = most; left > 0; left--) {
      if (isOver()) return true;
      const event = remove(this.#queue);
      if (event === undefined) return false;
      const { task, time } = event;
      if (task === undefined) continue;
      this.#time = Math.max(this.#time, time);
      this.#happened++;
      task();
      await settled();
    }
    return isOver();
  }
}

/** Resolves when every promise is settled that waits for no event. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** A binary heap: the parent of the event at `n` is at half of it. */
function insert(heap: Event[], event: Event): void {
  let at = heap.length;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (!isBefore(event, heap[above]!)) break;
    heap[at] = heap[above]!;
    at = above;
  }
  heap[at] = event;
}

function remove(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) {
      below++;
    }
    if (!isBefore(heap[below]!, last)) break;
    heap[at] = heap[below]!;
    at = below;
  }
  heap[at] = last;
  return first;
}

function isBefore(one: Event, other: Event): boolean {
  return one.time < other.time ||
    (one.time === other.time && one.number < other.number);
}
