/** How many clients there may be at once. */
export interface ConnectionLimits {
  /** In all. */
  readonly total: number;
  /** From one IP address. */
  readonly perAddress: number;
}

/** Counts the clients that are connected. */
export interface ConnectionCounter {
  /**
   * Counts a client in if there is room. Returns the function that counts it out again, to be
   * called once, or `undefined` when there is none.
   */
  admit(address: string): (() => void) | undefined;
}

/**
 * A counter that holds the limits.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { countConnections } from "./connections.ts";
 *
 * const counter = countConnections({ total: 2, perAddress: 1 });
 * const leave = counter.admit("192.0.2.1");
 * assertEquals(counter.admit("192.0.2.1"), undefined);
 * leave?.();
 * assert(counter.admit("192.0.2.1"));
 * ```
 */
export function countConnections(limits: ConnectionLimits): ConnectionCounter {
  const perAddress = new Map<string, number>();
  let total = 0;
  return {
    admit(address) {
      const count = perAddress.get(address) ?? 0;
      if (total >= limits.total || count >= limits.perAddress) return undefined;
      total++;
      perAddress.set(address, count + 1);
      return () => {
        total--;
        const left = perAddress.get(address)! - 1;
        if (left > 0) perAddress.set(address, left);
        else perAddress.delete(address);
      };
    },
  };
}
