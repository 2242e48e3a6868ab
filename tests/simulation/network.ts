import type { Endpoint, Transport } from "../../src/net/transport.ts";
import type { Crash } from "./machine.ts";
import type { World } from "./world.ts";

/** How a connection carries octets. */
export interface Line {
  /** Most octets that arrive at a time. */
  readonly piece: number;
  /** Most milliseconds that they are on their way. */
  readonly delay: number;
  /** Octets that may wait to be read. */
  readonly window: number;
  /** Where it breaks, if it does. */
  readonly cut?: Cut;
}

/** The end of a connection before its time. */
export interface Cut {
  /** Octets of one direction that still arrive. */
  readonly octets: number;
  readonly direction: "out" | "back";
  /** Whether the ends hear of it, or wait in vain. */
  readonly silent: boolean;
}

/** One end of a connection. */
export interface End extends Transport {
  /** Octets written at this end that have arrived at the other. */
  readonly arrived: number;
  /** Octets read at this end. */
  readonly taken: number;
  /** Whether it was closed here. */
  readonly closed: boolean;
  /** Its program is dead: nothing comes back to it, and the other end hears of it or not. */
  die(crash: Crash): void;
}

/** A connection: the end that made it, and the one that took it. */
export function connect(
  world: World,
  { line, from, to }: {
    readonly line: Line;
    readonly from: Endpoint;
    readonly to: Endpoint;
  },
): readonly [End, End] {
  const out = new Pipe(world, line);
  const back = new Pipe(world, line);
  const broken = (silent: boolean) => {
    world.tell(`connection ${from.port} cut${silent ? " silently" : ""}`);
    out.fail(silent);
    back.fail(silent);
  };
  if (line.cut) {
    const { direction, octets, silent } = line.cut;
    const pipe = direction === "out" ? out : back;
    pipe.cutAfter(octets, () => broken(silent));
  }
  return [
    makeEnd({ inward: back, outward: out, peer: to, local: from }),
    makeEnd({ inward: out, outward: back, peer: from, local: to }),
  ];
}

function makeEnd(
  { inward, outward, peer, local }: {
    readonly inward: Pipe;
    readonly outward: Pipe;
    readonly peer: Endpoint;
    readonly local: Endpoint;
  },
): End {
  let closed = false;
  return {
    peer,
    local,
    get arrived() {
      return outward.arrived;
    },
    get taken() {
      return inward.taken;
    },
    get closed() {
      return closed;
    },
    read: (into) => inward.read(into),
    write: (bytes) => outward.write(bytes),
    die(crash) {
      closed = true;
      inward.forget();
      outward.forget();
      if (crash === "kill") outward.close();
      else outward.fail(true);
      inward.stopReading();
    },
    [Symbol.dispose]() {
      if (closed) return;
      closed = true;
      outward.close();
      inward.stopReading();
    },
  };
}

/** One direction of a connection. */
class Pipe {
  readonly #world: World;
  readonly #line: Line;
  /** Octets that arrived and weren't read. */
  readonly #waiting: Uint8Array[] = [];
  #sent = 0;
  #arrived = 0;
  #taken = 0;
  /** When the last octets sent arrive. */
  #last = 0;
  #cut: { readonly octets: number; readonly task: () => void } | undefined;
  /** `ended`: no more comes. `lost`: nothing comes through, and nobody says so. */
  #state: "open" | "ended" | "lost" = "open";
  /** Whether writes are in vain. */
  #deaf = false;
  #reader: ((count: number | null) => void) | undefined;
  #into: Uint8Array = new Uint8Array();
  #writers: ((written: boolean) => void)[] = [];

  constructor(world: World, line: Line) {
    this.#world = world;
    this.#line = line;
  }

  get arrived(): number {
    return this.#arrived;
  }

  get taken(): number {
    return this.#taken;
  }

  cutAfter(octets: number, task: () => void): void {
    this.#cut = { octets, task };
  }

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve) => {
      this.#into = into;
      this.#reader = resolve;
      this.#feed();
    });
  }

  write(bytes: Uint8Array): Promise<boolean> {
    if (this.#deaf || this.#state === "ended") return Promise.resolve(false);
    const { between, last } = this.#plan();
    let at = 0;
    let time = last;
    while (at < bytes.length) {
      const piece = bytes.slice(at, at + between(1, this.#line.piece));
      at += piece.length;
      time += between(0, this.#line.delay) / Math.max(1, piece.length / 64);
      this.#world.after(time - this.#world.now, () => this.#arrive(piece));
    }
    this.#last = time;
    this.#sent += bytes.length;
    if (this.#hasRoom()) return Promise.resolve(true);
    return new Promise((resolve) => this.#writers.push(resolve));
  }

  /** No more is written. */
  close(): void {
    const { last } = this.#plan();
    this.#world.after(last - this.#world.now, () => {
      if (this.#state === "open") this.#state = "ended";
      this.#feed();
      this.#release(false);
    });
  }

  /** Breaks: what is on its way is lost. */
  fail(silent: boolean): void {
    if (this.#state !== "open") return;
    this.#state = "lost";
    if (silent) return;
    this.#world.after(this.#world.between(0, 50), () => {
      this.#state = "ended";
      this.#feed();
      this.#release(false);
    });
  }

  /** Nobody reads any more. */
  stopReading(): void {
    this.#deaf = true;
    this.#waiting.length = 0;
    this.#reader?.(null);
    this.#reader = undefined;
    this.#release(false);
  }

  /** Whoever waits here never hears of it. */
  forget(): void {
    this.#reader = undefined;
    this.#writers = [];
  }

  #plan() {
    const between = (least: number, most: number) =>
      this.#world.between(least, most);
    const soonest = this.#world.now + between(0, this.#line.delay);
    return { between, last: Math.max(this.#last, soonest) };
  }

  #arrive(piece: Uint8Array): void {
    if (this.#state !== "open") return;
    const room = (this.#cut?.octets ?? Infinity) - this.#arrived;
    const octets = piece.subarray(0, room);
    this.#arrived += octets.length;
    this.#world.tell(`${octets.length} octets`);
    if (octets.length > 0 && !this.#deaf) this.#waiting.push(octets);
    this.#feed();
    if (room <= piece.length) this.#cut?.task();
  }

  /** Gives the reader what there is. */
  #feed(): void {
    if (this.#reader === undefined) return;
    const [first] = this.#waiting;
    let count: number | null = null;
    if (first !== undefined) {
      count = Math.min(first.length, this.#into.length);
      this.#into.set(first.subarray(0, count));
      if (count === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(count);
      this.#taken += count;
    } else if (this.#state !== "ended") return;
    this.#reader(count);
    this.#reader = undefined;
    if (this.#hasRoom()) this.#release(true);
  }

  #hasRoom(): boolean {
    return this.#sent - this.#taken <= this.#line.window;
  }

  #release(written: boolean): void {
    for (const resolve of this.#writers) resolve(written);
    this.#writers = [];
  }
}
