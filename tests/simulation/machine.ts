import type { Clock } from "../../src/ports/clock.ts";
import type { Counts } from "./counts.ts";
import { CALM, type Weather } from "./weather.ts";
import type { World } from "./world.ts";

/** What is left after a crash: of a `power failure` only what was synced, and some of the rest. */
export type Crash = "kill" | "power failure";

/**
 * One run of the program, from its start to its end or crash. Whatever it asks of the machine goes
 * through `perform()`; once it is dead, nothing of that ever comes back to it.
 */
export class Process {
  readonly world: World;
  readonly number: number;
  /** When it was started, milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly #machine: Machine;
  #alive = true;
  #timers = 0;

  constructor(machine: Machine, number: number) {
    this.#machine = machine;
    this.world = machine.world;
    this.number = number;
    this.startedAt = machine.world.now;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Timers that wait. */
  get timers(): number {
    return this.#timers;
  }

  readonly clock: Clock = {
    now: () => this.world.now,
    after: (delay, task) => {
      let waiting = true;
      this.#timers++;
      const cancel = this.world.after(delay, () => {
        if (!this.#alive) return;
        rest();
        task();
      });
      const rest = () => {
        if (waiting) this.#timers--;
        waiting = false;
      };
      return () => {
        rest();
        cancel();
      };
    },
  };

  /** Does `work` a moment later; a crash may come before it, or before it is heard of. */
  perform<Result>(what: string, work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.world.after(this.world.between(0, 4), () => {
        if (!this.#alive) return;
        if (this.#machine.mayCrash(`before ${what}`)) return;
        this.world.tell(what);
        let hear: () => void;
        try {
          const result = work();
          hear = () => resolve(result);
        } catch (cause) {
          hear = () => reject(cause);
        }
        if (!this.#machine.mayCrash(`after ${what}`)) hear();
      });
    });
  }

  /** Ends it. */
  die(): void {
    this.#alive = false;
  }
}

/** The machine that the program runs on, with its weather. */
export class Machine {
  readonly world: World;
  readonly counts: Counts;
  /** Told of every crash, after which the process that ran is dead. */
  onCrash: (crash: Crash) => void = () => {};
  #weather: Weather;
  #process: Process | undefined;
  #processes = 0;
  #fullUntil = 0;
  #calmSince = Infinity;

  constructor(world: World, weather: Weather, counts: Counts) {
    this.world = world;
    this.counts = counts;
    this.#weather = weather;
  }

  get weather(): Weather {
    return this.#weather;
  }

  /** The process that runs, or ran last. */
  get process(): Process | undefined {
    return this.#process;
  }

  /** Whether nothing goes wrong any more. */
  get isCalm(): boolean {
    return this.#calmSince <= this.world.now;
  }

  /** Since when nothing goes wrong any more, milliseconds since the Unix epoch. */
  get calmSince(): number {
    return this.#calmSince;
  }

  /** From now on nothing goes wrong. */
  calmDown(): void {
    this.#calmSince = this.world.now;
    this.#weather = CALM;
    this.#fullUntil = 0;
  }

  /** Starts the program anew. */
  boot(): Process {
    return this.#process = new Process(this, ++this.#processes);
  }

  /** Whether the disk is full now. */
  isFull(): boolean {
    const { world } = this;
    if (world.now < this.#fullUntil) return true;
    if (!world.chance.chance(this.#weather.full)) return false;
    this.#fullUntil = world.now + world.between(10, 60_000);
    world.tell("disk is full");
    return true;
  }

  /** The chance of a crash; returns whether it came. */
  mayCrash(when: string): boolean {
    if (!this.world.chance.chance(this.#weather.crash)) return false;
    const crash = this.world.chance.pick(["kill", "power failure"] as const);
    this.world.tell(`${crash} ${when}`);
    this.counts.add(crash);
    this.#process?.die();
    this.onCrash(crash);
    return true;
  }
}
