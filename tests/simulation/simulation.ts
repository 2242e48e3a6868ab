import { dirname } from "node:path";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { openSqliteQueue } from "../../src/queue/sqlite/open.ts";
import { playClient } from "./clients.ts";
import { Counts } from "./counts.ts";
import { type SimulatedDisk, simulatedDisk } from "./disk.ts";
import { simulatedDns } from "./dns.ts";
import { HERE, Internet } from "./internet.ts";
import { faultsOf } from "./invariants.ts";
import { GIVE_UP, Ledger } from "./ledger.ts";
import { ALIASES, OUR_DOMAIN, OUR_MAILBOXES, writeLetter } from "./letters.ts";
import { type Crash, Machine } from "./machine.ts";
import type { Fault } from "./plants.ts";
import { type Program, startProgram } from "./program.ts";
import { programLog } from "./program_log.ts";
import { Databases, simulatedQueue } from "./queue.ts";
import { Storage } from "./storage.ts";
import { octetsOf } from "./talk.ts";
import { weather } from "./weather.ts";
import { World } from "./world.ts";

/** A story that was played to its end. */
export interface Story {
  /** Stands for all that happened. */
  readonly hash: string;
  readonly counts: Counts;
  /** The promises that were broken. */
  readonly faults: readonly string[];
}

/** How a story is played. */
export interface StoryOptions {
  /** A fault planted into the program. */
  readonly plant?: Fault;
  /** Is told the story, line by line. */
  readonly listener?: (line: string) => void;
}

/** The folder of all mail. */
const MAIL = "/mail";

/** Milliseconds after which what a crash left in a Maildir's `tmp` counts as litter, and more. */
const LONG_ENOUGH = 37 * 60 * 60_000;

/** More than ever happens in a story that comes to an end. */
const MOST_EVENTS = 100_000;

/**
 * Plays the story of a seed: clients send mail through the program while everything goes wrong that
 * can; then all is well again, and the program has to keep its promises.
 */
export async function simulate(
  seed: number,
  { plant = {}, listener }: StoryOptions = {},
): Promise<Story> {
  const stage = new Stage(new World(seed, listener), plant);
  const hear = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    stage.ledger.faults.push(`unhandled rejection: ${event.reason?.stack}`);
  };
  addEventListener("unhandledrejection", hear);
  try {
    return await stage.play();
  } finally {
    removeEventListener("unhandledrejection", hear);
    stage.close();
  }
}

/** What a story is played on. */
class Stage {
  readonly world: World;
  readonly ledger = new Ledger();
  readonly #plant: Fault;
  readonly #counts = new Counts();
  readonly #machine: Machine;
  readonly #storage = new Storage();
  readonly #databases = new Databases(this.#storage);
  readonly #settings: Settings;
  readonly #hasAliases: boolean;
  readonly #internet: Internet;
  #program: Program | undefined;
  #disk: SimulatedDisk | undefined;
  #letters = 0;
  /** Clients that are not done. */
  #clients = 0;
  /** Whether the program is to run. */
  #isOn = true;

  constructor(world: World, plant: Fault) {
    this.world = world;
    this.#plant = plant;
    const { chance } = world;
    this.#machine = new Machine(world, weather(chance), this.#counts);
    this.#internet = new Internet(this.#machine, this.ledger, plant);
    this.#settings = settings(chance.chance(0.7) ? "maildir" : "mbox");
    this.#hasAliases = chance.chance(0.5);
    this.#storage.makeFolders(MAIL);
    if (this.#hasAliases) this.#putAliases();
    this.#storage.sync();
    this.#machine.onCrash = (crash) => this.#crashed(crash);
  }

  async play(): Promise<Story> {
    const { world, ledger } = this;
    void this.#start();
    for (let left = world.between(1, 4); left > 0; left--) {
      void this.#playClient({ letters: world.between(1, 4), tries: 3 });
    }
    await world.run(() => this.#clients === 0, MOST_EVENTS);
    const end = world.now + world.between(0, 15 * 60_000);
    await world.run(() => world.now >= end, MOST_EVENTS);
    this.#machine.calmDown();
    if (await this.#comesToRest()) {
      this.#checkNothingHeld();
      await this.#tidyUp();
      ledger.faults.push(...faultsOf(this.#evidence()));
    }
    this.#counts.add("messages submitted", ledger.submissions.size);
    return {
      hash: world.hash,
      counts: this.#counts,
      faults: [...new Set(ledger.faults)],
    };
  }

  close(): void {
    this.#databases.close();
  }

  #evidence() {
    return {
      ledger: this.ledger,
      counts: this.#counts,
      files: this.#storage.files(),
      store: this.#settings.store,
    };
  }

  /** Waits until nothing is left to be delivered, and stops the program. */
  async #comesToRest(): Promise<boolean> {
    const { world, ledger } = this;
    const isDone = () =>
      this.#clients === 0 && this.#program !== undefined &&
      this.#databases.count() === 0;
    const isOver = () => ledger.faults.length > 0 || isDone();
    if (!await world.run(isOver, MOST_EVENTS)) {
      ledger.faults.push(`${this.#databases.count()} messages stay in queue`);
      return false;
    }
    if (ledger.faults.length > 0) return false;
    let stopped = false;
    const stopping = this.#program!.stop().then(() => stopped = true);
    this.#isOn = false;
    if (!await world.run(() => stopped, MOST_EVENTS)) {
      ledger.faults.push("the program doesn't stop");
      return false;
    }
    await stopping;
    this.#program = undefined;
    this.#machine.process?.die();
    return true;
  }

  /** What was left by crashes goes when the program has been there again long after. */
  async #tidyUp(): Promise<void> {
    this.world.skip(LONG_ENOUGH);
    this.#isOn = true;
    void this.#start();
    const boxes = this.#hasAliases
      ? OUR_MAILBOXES
      : [...OUR_MAILBOXES, `both@${OUR_DOMAIN}`];
    for (const address of boxes) {
      void this.#playClient({ letters: 1, tries: 2, to: address });
    }
    if (await this.#comesToRest()) this.#checkNothingHeld();
  }

  /** A program that stopped holds nothing. */
  #checkNothingHeld(): void {
    const held = {
      timers: this.#machine.process?.timers ?? 0,
      "open files": this.#disk?.open ?? 0,
      connections: this.#internet.open,
    };
    for (const [what, count] of Object.entries(held)) {
      if (count > 0) this.ledger.faults.push(`${count} ${what} stay behind`);
    }
  }

  async #start(): Promise<void> {
    const machine = this.#machine;
    const process = machine.boot();
    this.world.tell(`start ${process.number}`);
    this.#counts.add("starts");
    const disk = simulatedDisk(machine, process, this.#storage);
    this.#disk = disk;
    const plant = this.#plant;
    try {
      this.#program = await startProgram(this.#settings, {
        log: programLog(process, this.ledger),
        clock: process.clock,
        disk: plant.disk?.(disk) ?? disk,
        listens: [HERE],
        dial: (endpoint, limit) =>
          this.#internet.dial(process, endpoint, limit),
        resolver: simulatedDns(machine, process),
        random: () => this.world.chance.below(2 ** 30) / 2 ** 30,
        turn: (task) => void process.clock.after(0, task),
        openQueue: async (options) => {
          const { open: openDatabase } = this.#databases;
          const queue = simulatedQueue(
            await openSqliteQueue({ ...options, openDatabase }),
            {
              machine,
              process,
              databases: this.#databases,
              ledger: this.ledger,
            },
          );
          return plant.queue?.(queue, { process, disk }) ?? queue;
        },
      });
    } catch (cause) {
      this.world.tell(`no start: ${cause}`);
      this.#counts.add("starts that failed");
      process.die();
      this.#databases.crash(false);
      this.world.after(1000, () => this.#restart());
    }
  }

  #restart(): void {
    if (this.#isOn && !this.#machine.process?.alive) void this.#start();
  }

  #crashed(crash: Crash): void {
    const { world } = this;
    this.ledger.crashes.push(world.now);
    this.#program = undefined;
    this.#databases.crash(world.chance.chance(0.5));
    this.#storage.crash(crash, world);
    this.#internet.crash(crash);
    world.after(world.between(100, 60_000), () => this.#restart());
  }

  async #playClient(
    { letters, tries, to }: {
      readonly letters: number;
      readonly tries: number;
      readonly to?: string;
    },
  ): Promise<void> {
    const { world, ledger } = this;
    this.#clients++;
    await world.pause(world.between(0, 120_000));
    await playClient({
      world,
      letters,
      tries,
      connect: () => this.#program && this.#internet.visit(this.#program.serve),
      write: () => {
        const token = `t${++this.#letters}`;
        const letter = writeLetter(world, token, this.#hasAliases);
        if (to === undefined) return letter;
        return { ...letter, recipients: [{ address: to, mailboxes: [to] }] };
      },
      submitted: (submission) => {
        world.tell(`${submission.letter.token} ${submission.fate}`);
        this.#counts.add(`messages ${submission.fate}`);
        ledger.submissions.set(submission.letter.token, submission);
      },
      complain: (fault) => ledger.faults.push(fault),
    });
    this.#clients--;
  }

  #putAliases(): void {
    const path = `${MAIL}/.smtpd/aliases`;
    this.#storage.makeFolders(dirname(path));
    this.#storage.addFile(path, this.world.now).bytes = octetsOf(ALIASES);
  }
}

function settings(store: "maildir" | "mbox"): Settings {
  const loaded = loadSettings(readFlags([
    ...["--domain", OUR_DOMAIN, "--accept", "domain", "--store", store],
    ...["--mail-dir", MAIL, "--transcript", "off", "--timeout", "2m"],
    ...["--retry", "30s,1m,3m", "--warn-after", "6m"],
    ...["--give-up", `${GIVE_UP / 1000}s`],
  ], SERVER_FLAGS));
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings;
}
