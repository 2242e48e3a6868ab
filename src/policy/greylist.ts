import { formatReversePath, type Mailbox } from "../smtp/address.ts";
import { GREYLISTED } from "../smtp/replies.ts";
import type { Reply } from "../smtp/reply.ts";
import type { Clock } from "../ports/clock.ts";
import { networkOf } from "./networks.ts";

/** What is new together is turned away: client, sender and recipient (RFC 6647 §2.4). */
export interface Triplet {
  /** The client's IP address, without brackets. */
  readonly address: string;
  /** The reverse-path; `null` for the null one. */
  readonly from: Mailbox | null;
  /** A recipient. */
  readonly to: Mailbox;
}

/** What a greylist remembers of a triplet, or of a client's network. */
export interface Sighting {
  /** A network, and of a triplet the two paths: `192.0.2.0/24 <a@b.test> <c@d.test>`. */
  readonly who: string;
  /** When it passed last or, if it never did, came first: milliseconds since the Unix epoch. */
  readonly at: number;
  /** Triplets that passed: of a triplet 0 or 1, of a network 1 or more. */
  readonly passes: number;
}

/** Turns away, for a while, mail from clients that nobody has heard of. */
export interface Greylist {
  /** The reply that turns a recipient away; `undefined` lets it pass. */
  judge(triplet: Triplet): Reply | undefined;
}

/** Where a greylist outlives the program. */
export interface GreylistMemory {
  /** What was kept, the oldest of each kind first. */
  readonly sightings: Iterable<Sighting>;
  /**
   * Is told of every change. `sightings` are those of the moment at which they are gone through, so
   * that it may wait for more changes before it keeps them.
   */
  keep(sightings: Iterable<Sighting>): void;
}

/** Milliseconds. */
const DAY = 24 * 60 * 60 * 1000;

/** How long after its delay a triplet may come back. Servers try for days, most for five. */
const RETURN = 2 * DAY;

/** How long who has passed is known without a new mail: more than a month, for what comes monthly. */
const KNOWN = 36 * DAY;

/** Triplets of one network that must have passed until all of its others do at once. */
const TRUSTED = 5;

/** Sightings of each kind, the waiting and the known: a flood of strangers drives out no friends. */
const LIMIT = 50_000;

/** A sender's servers take turns, mostly inside such a network. */
const PREFIXES = { ipv4: 24, ipv6: 64 };

/**
 * A greylist (RFC 6647): a triplet passes when it comes back `delay` milliseconds after it came
 * first, and within two days. From then on it is known, until it isn't seen for 36 days; and a
 * network of which five triplets passed is known as a whole.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { GREYLISTED } from "../smtp/replies.ts";
 * import { makeGreylist } from "./greylist.ts";
 *
 * let now = 0;
 * const greylist = makeGreylist({
 *   delay: 60_000,
 *   clock: { now: () => now },
 *   memory: { sightings: [], keep() {} },
 * });
 * const triplet = {
 *   address: "192.0.2.1",
 *   from: { local: "vasya", domain: "another.test" },
 *   to: { local: "petya", domain: "test.ru" },
 * };
 * assertEquals(greylist.judge(triplet), GREYLISTED);
 * now += 60_000;
 * assertEquals(greylist.judge(triplet), undefined);
 * ```
 */
export function makeGreylist(
  { delay, clock, memory }: {
    /** Milliseconds. */
    readonly delay: number;
    readonly clock: Pick<Clock, "now">;
    readonly memory: GreylistMemory;
  },
): Greylist {
  const waiting = new Sightings(delay + RETURN);
  const known = new Sightings(KNOWN);
  const all: Iterable<Sighting> = {
    *[Symbol.iterator]() {
      yield* waiting;
      yield* known;
    },
  };
  recall();

  return {
    judge({ address, from, to }) {
      const now = clock.now();
      const network = networkOf(address, PREFIXES);
      const triplet = `${network} ${path(from)} ${path(to)}`;
      const passes = known.find(network, now)?.passes ?? 0;
      const isKnown = known.find(triplet, now) !== undefined;

      if (isKnown || passes >= TRUSTED) {
        known.put({ who: network, at: now, passes: Math.max(passes, 1) });
        if (isKnown) known.put({ who: triplet, at: now, passes: 1 });
        memory.keep(all);
        return undefined;
      }
      const first = waiting.find(triplet, now);
      if (first === undefined) {
        waiting.put({ who: triplet, at: now, passes: 0 });
        memory.keep(all);
        return GREYLISTED;
      }
      if (now - first.at < delay) return GREYLISTED;

      waiting.remove(triplet);
      known.put({ who: triplet, at: now, passes: 1 });
      known.put({ who: network, at: now, passes: passes + 1 });
      memory.keep(all);
      return undefined;
    },
  };

  function recall(): void {
    const now = clock.now();
    for (const sighting of memory.sightings) {
      // A clock that was put back must not keep anybody waiting, nor known, for years.
      const at = Math.min(sighting.at, now);
      const kind = sighting.passes === 0 ? waiting : known;
      kind.put({ ...sighting, at });
    }
  }
}

/** In lower case: some servers change that from one try to the next. */
function path(mailbox: Mailbox | null): string {
  return `<${formatReversePath(mailbox).toLowerCase()}>`;
}

/** Sightings of one kind, as many as there is room for. */
class Sightings implements Iterable<Sighting> {
  /** The oldest first. */
  readonly #byWho = new Map<string, Sighting>();
  readonly #lifetime: number;

  /** `lifetime` is how long, in milliseconds, one is of use. */
  constructor(lifetime: number) {
    this.#lifetime = lifetime;
  }

  /** The sighting of `who`, if it is of use `now`. */
  find(who: string, now: number): Sighting | undefined {
    const sighting = this.#byWho.get(who);
    return sighting && now - sighting.at <= this.#lifetime
      ? sighting
      : undefined;
  }

  /** Adds one that is no older than the others, and forgets those that are too old or too many. */
  put(sighting: Sighting): void {
    this.#byWho.delete(sighting.who);
    this.#byWho.set(sighting.who, sighting);
    for (const { who, at } of this) {
      const tooOld = sighting.at - at > this.#lifetime;
      if (!tooOld && this.#byWho.size <= LIMIT) break;
      this.#byWho.delete(who);
    }
  }

  remove(who: string): void {
    this.#byWho.delete(who);
  }

  [Symbol.iterator](): Iterator<Sighting> {
    return this.#byWho.values();
  }
}
