import type { Clock } from "../ports/clock.ts";
import type { Log, LogFields } from "../ports/log.ts";
import type { Answer, Resolver } from "../ports/resolver.ts";
import { containedIn, octetsOf } from "./networks.ts";

/** Lists of unwelcome clients that are published in DNS (RFC 5782). */
export interface BlockLists {
  /**
   * The first of the lists, in the order of the settings, that has an IP address; `undefined` when
   * none does, and when none can be asked. Takes 5 s at most. Never throws.
   */
  lookUp(address: string): Promise<string | undefined>;
}

/** Milliseconds that a list has for its answer. */
const TIME_LIMIT = 5_000;

/**
 * Clients about whom lists are asked at once. Each question takes a socket, and thousands of clients
 * that come and go while a list is slow must not use up the files that the mail needs.
 */
const AT_ONCE = 200;

/** Milliseconds between two complaints of the same kind about the same list. */
const QUIET = 60 * 60 * 1000;

/** Addresses that mean something else in every network, so that no list can know them. */
const isPrivate = containedIn([
  { address: "0.0.0.0", prefix: 8 },
  { address: "10.0.0.0", prefix: 8 },
  { address: "100.64.0.0", prefix: 10 },
  { address: "127.0.0.0", prefix: 8 },
  { address: "169.254.0.0", prefix: 16 },
  { address: "172.16.0.0", prefix: 12 },
  { address: "192.168.0.0", prefix: 16 },
  { address: "::", prefix: 127 },
  { address: "fc00::", prefix: 7 },
  { address: "fe80::", prefix: 10 },
]);

/**
 * Block lists by their names in DNS. All are asked at once; one that gives no answer lists nobody. So
 * does none while too many clients come at once to ask about all.
 *
 * An answer in 127.0.0.0/8 is a listing (RFC 5782 §2.1), but for 127.255.255.0/24, by which some
 * lists say that they won't answer us. Any other is not from the list: its domain has a new owner,
 * or the DNS server invents answers. Both are logged, at most once an hour, as they would otherwise
 * go unnoticed or turn all mail away.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { clock } from "../system/clock.ts";
 * import { makeBlockLists } from "./block_lists.ts";
 *
 * const lists = makeBlockLists({
 *   zones: ["list.test"],
 *   resolver: {
 *     ipv4: (host) =>
 *       Promise.resolve(
 *         host === "7.113.0.203.list.test"
 *           ? { kind: "records", records: ["127.0.0.2"] }
 *           : { kind: "no domain" },
 *       ),
 *   },
 *   clock,
 *   log: { debug() {}, info() {}, warn() {}, error() {} },
 * });
 * assertEquals(await lists.lookUp("203.0.113.7"), "list.test");
 * assertEquals(await lists.lookUp("203.0.113.8"), undefined);
 * ```
 */
export function makeBlockLists(
  { zones, resolver, clock, log }: {
    /** Domains of the lists, such as `zen.spamhaus.org`. */
    readonly zones: readonly string[];
    /** One that remembers answers, so that a client that returns asks nothing new. */
    readonly resolver: Pick<Resolver, "ipv4">;
    readonly clock: Clock;
    readonly log: Log;
  },
): BlockLists {
  const complaints = new Map<string, number>(); // When made last, by event and list.
  let asking = 0;

  return {
    async lookUp(address) {
      const octets = octetsOf(address);
      if (octets === undefined || isPrivate(address)) return undefined;
      if (asking >= AT_ONCE) {
        complain("too many clients to ask block lists about");
        return undefined;
      }
      asking++;
      try {
        return await listOf(reversed(octets));
      } finally {
        asking--;
      }
    },
  };

  async function listOf(name: string): Promise<string | undefined> {
    const listed = await Promise.all(zones.map((zone) => isIn(zone, name)));
    return zones.find((_, index) => listed[index]);
  }

  async function isIn(zone: string, name: string): Promise<boolean> {
    const answer = await inTime(resolver.ipv4(`${name}.${zone}`), clock);
    switch (answer.kind) {
      case "records":
        return answer.records.some((record) => isListing(zone, record));
      case "none":
      case "no domain":
        return false;
      case "failed":
        complain("block list gives no answer", { zone, why: answer.why });
        return false;
      default:
        return answer satisfies never;
    }
  }

  function isListing(zone: string, record: string): boolean {
    if (record.startsWith("127.255.255.")) {
      complain("block list refuses our questions", { zone, answer: record });
      return false;
    }
    if (!record.startsWith("127.")) {
      complain("block list answers nonsense", { zone, answer: record });
      return false;
    }
    return true;
  }

  function complain(event: string, fields: LogFields = {}): void {
    const key = `${event} ${fields.zone}`;
    const now = clock.now();
    const last = complaints.get(key);
    if (last !== undefined && now - last < QUIET) return;
    complaints.set(key, now);
    log.warn(event, fields);
  }
}

/** RFC 5782 §2.1, §2.4: the last octet first, and of IPv6 the last half octet in hexadecimal. */
function reversed(octets: readonly number[]): string {
  const labels = octets.length === 4
    ? octets.map(String)
    : octets.flatMap((octet) => [...octet.toString(16).padStart(2, "0")]);
  return labels.toReversed().join(".");
}

/** The answer, or a failure when it takes too long. */
async function inTime(
  answer: Promise<Answer<string>>,
  clock: Clock,
): Promise<Answer<string>> {
  const { promise: late, resolve } = Promise.withResolvers<Answer<string>>();
  const cancel = clock.after(
    TIME_LIMIT,
    () => resolve({ kind: "failed", why: "it takes too long" }),
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    cancel();
  }
}
