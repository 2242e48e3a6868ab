import type { Clock } from "../ports/clock.ts";
import type { Answer, Resolver } from "../ports/resolver.ts";

/**
 * Milliseconds an answer is kept: short, as `Deno.resolveDns` doesn't tell how long it may be, yet
 * long enough that a burst of mail for a domain asks once. Failures are kept so that a dead DNS
 * server isn't asked for every message.
 */
const KEPT: Readonly<Record<Answer<never>["kind"], number>> = {
  "records": 60_000,
  "none": 30_000,
  "no domain": 30_000,
  "failed": 10_000,
};

/** Answers of each kind of question that are kept at most; the oldest go first. */
const LIMIT = 10_000;

/**
 * A resolver that remembers for a while what another said, and asks it once for all who want to
 * know the same at the same time.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { clock } from "../system/clock.ts";
 * import { cachedResolver } from "./resolver_cache.ts";
 *
 * let asked = 0;
 * const resolver = cachedResolver({
 *   mx: () => Promise.resolve({ kind: "none" }),
 *   addresses: () => Promise.resolve({ kind: "records", records: [`192.0.2.${++asked}`] }),
 *   ipv4: () => Promise.resolve({ kind: "none" }),
 * }, clock);
 * await resolver.addresses("test.ru");
 * await resolver.addresses("TEST.ru");
 * assertEquals(asked, 1);
 * ```
 */
export function cachedResolver(
  resolver: Resolver,
  clock: Pick<Clock, "now">,
): Resolver {
  return {
    mx: remember((domain) => resolver.mx(domain), clock),
    addresses: remember((host) => resolver.addresses(host), clock),
    ipv4: remember((host) => resolver.ipv4(host), clock),
  };
}

interface Memory<Found> {
  readonly answer: Promise<Answer<Found>>;
  /** When it ends, milliseconds since the Unix epoch. */
  end: number;
}

function remember<Found>(
  ask: (name: string) => Promise<Answer<Found>>,
  clock: Pick<Clock, "now">,
): (name: string) => Promise<Answer<Found>> {
  const memories = new Map<string, Memory<Found>>(); // The oldest first.

  return (name) => {
    const key = name.toLowerCase();
    const known = memories.get(key);
    if (known !== undefined && clock.now() < known.end) return known.answer;
    const memory = { answer: ask(key), end: Infinity };
    memories.delete(key);
    memories.set(key, memory);
    forgetOldest();
    return dated(memory);
  };

  /** The answer, which from then on has an end. */
  async function dated(memory: Memory<Found>): Promise<Answer<Found>> {
    const answer = await memory.answer;
    memory.end = clock.now() + KEPT[answer.kind];
    return answer;
  }

  function forgetOldest(): void {
    if (memories.size <= LIMIT) return;
    for (const key of memories.keys()) {
      memories.delete(key);
      return;
    }
  }
}
