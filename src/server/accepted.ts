import type { Recipient } from "../queue/queue.ts";
import { formatMailbox, type Mailbox } from "../smtp/address.ts";
import type { RcptParameters } from "../smtp/extensions.ts";

/** A recipient that was accepted, and where its mail goes. */
export interface Accepted extends RcptParameters {
  readonly original: Mailbox;
  readonly destinations: readonly Mailbox[];
}

/**
 * A recipient for each destination, none of them twice: who is named by two aliases gets one copy.
 */
export function expand(accepted: readonly Accepted[]): readonly Recipient[] {
  const byAddress = new Map<string, Omit<Recipient, "number">>();
  for (const { destinations, ...named } of accepted) {
    for (const address of destinations) {
      const key = formatMailbox(address);
      if (!byAddress.has(key)) byAddress.set(key, { address, ...named });
    }
  }
  return [...byAddress.values()].map((recipient, number) => ({
    number,
    ...recipient,
  }));
}
