import type { Content } from "../ports/content.ts";
import type {
  Message,
  Queued,
  RecipientState,
  StandingOrder,
} from "./queue.ts";

/** A message whose lease we hold. */
export interface Held {
  readonly message: Message;
  /** How its recipients fare, as far as it is durable. */
  states: readonly RecipientState[];
  /** What the postmaster had ordered when we took it on. */
  readonly order: StandingOrder | undefined;
  /** Whether it was given orders about since: nothing more of it is begun before it is read anew. */
  recalled: boolean;
  /** Its content while it is at hand; else the queue has it. */
  content: Content | undefined;
  /** Whether an earlier try may have got through unknown to us. */
  readonly again: boolean;
  /** Numbers of recipients in a lane, or with news that isn't durable yet. */
  readonly busy: Set<number>;
  /** Its deliveries that wait or run. */
  tasks: number;
}

/** The messages we hold, and no more content in memory than agreed. */
export interface Holdings {
  /** Holds a message; its content stays at hand if there is room for it. */
  hold(queued: Queued, content: Content | undefined, again: boolean): Held;
  /** Lets go of a message's content. */
  cool(held: Held): void;
  /** Lets go of a message. */
  drop(held: Held): void;
  has(id: string): boolean;
  get(id: string): Held | undefined;
  ids(): readonly string[];
  /** How many messages, and octets of content in memory. */
  counts(): { readonly held: number; readonly hot: number };
}

/** Makes empty holdings with room for `hotLimit` octets of content in memory. */
export function makeHoldings(hotLimit: number): Holdings {
  const heldById = new Map<string, Held>();
  let hot = 0;

  return {
    hold({ message, states, order }, content, again) {
      const fits = hot + octetsOf(content) <= hotLimit;
      const held: Held = {
        message,
        states,
        order,
        recalled: false,
        content: fits ? content : undefined,
        again,
        busy: new Set(),
        tasks: 0,
      };
      hot += octetsOf(held.content);
      heldById.set(message.id, held);
      return held;
    },

    cool,

    drop(held) {
      cool(held);
      heldById.delete(held.message.id);
    },

    has: (id) => heldById.has(id),
    get: (id) => heldById.get(id),
    ids: () => [...heldById.keys()],
    counts: () => ({ held: heldById.size, hot }),
  };

  function cool(held: Held): void {
    hot -= octetsOf(held.content);
    held.content = undefined;
  }
}

/** Octets in memory: a file has none there. */
function octetsOf(content: Content | undefined): number {
  return content?.kind === "bytes" ? content.bytes.length : 0;
}
