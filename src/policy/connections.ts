import { clientGroup } from "./client_group.ts";

/** How many clients there may be at once. */
export interface ConnectionLimits {
  /** In all. */
  readonly total: number;
  /** From one IPv4 address, or from one /64 of IPv6 addresses. */
  readonly perAddress: number;
}

/** Counts the clients that are connected. */
export interface ConnectionCounter {
  /**
   * Counts a client in if there is room. Returns the function that counts it out again, to be
   * called once, or why there is none: the client has too many connections of its own, or all
   * clients together have. With `squeeze` the latter doesn't matter.
   */
  admit(
    address: string,
    options?: { readonly squeeze?: boolean },
  ): (() => void) | "too many" | "full";
}

/**
 * A counter that holds the limits.
 *
 * @example
 * ```ts
 * import { assertEquals, assertInstanceOf } from "@std/assert";
 * import { countConnections } from "./connections.ts";
 *
 * const counter = countConnections({ total: 2, perAddress: 1 });
 * const leave = counter.admit("192.0.2.1");
 * assertEquals(counter.admit("192.0.2.1"), "too many");
 * if (typeof leave === "function") leave();
 * assertInstanceOf(counter.admit("192.0.2.1"), Function);
 * ```
 */
export function countConnections(limits: ConnectionLimits): ConnectionCounter {
  const perGroup = new Map<string, number>();
  let total = 0;

  return {
    admit(address, { squeeze = false } = {}) {
      const group = clientGroup(address);
      const count = perGroup.get(group) ?? 0;
      if (count >= limits.perAddress) return "too many";
      if (total >= limits.total && !squeeze) return "full";
      total++;
      perGroup.set(group, count + 1);
      return () => {
        total--;
        const left = perGroup.get(group)! - 1;
        if (left > 0) perGroup.set(group, left);
        else perGroup.delete(group);
      };
    },
  };
}
