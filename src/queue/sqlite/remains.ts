import type { Disk } from "../../ports/disk.ts";
import { formatId } from "../id.ts";
import type { Damage } from "../oversight.ts";
import type { Queued } from "../queue.ts";
import { openPages } from "./pages.ts";
import { isNewer, salvage } from "./salvage.ts";

/** Something that is left of a damaged queue, or that is known to be lost. */
export interface Remains {
  /** The message's ID; `undefined` for the queue itself. */
  readonly id: string | undefined;
  readonly entry: Queued | Damage;
}

/** Reads what is left of a damaged queue, in the order of IDs, and leaves it as it is. */
export async function readRemains(
  path: string,
  disk: Pick<Disk, "stat" | "stream">,
): Promise<readonly Remains[]> {
  const found = await salvage((await openPages(path, disk)).found);
  const messages = new Map<number, Queued>();
  for await (const { key, message, states, order } of found.messages()) {
    if (!isNewer({ states }, messages.get(key))) continue;
    messages.set(key, { message, states, order });
  }
  const lost = found.keys().difference(messages);
  const remains = [
    ...Array.from(messages, ([key, entry]) => ({ id: formatId(key), entry })),
    ...Array.from(lost, (key) => lostMessage(formatId(key))),
  ].sort((one, other) => one.id < other.id ? -1 : 1);
  return [{ id: undefined, entry: WHOLE }, ...remains];
}

function lostMessage(id: string) {
  return { id, entry: { id, damage: "its page is damaged" } };
}

const WHOLE: Damage = {
  id: undefined,
  damage: "the queue is damaged, and there may be more; the next start of " +
    "the server saves what can be saved",
};
