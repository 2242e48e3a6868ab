import type { Log } from "../ports/log.ts";
import { formatMailbox, formatReversePath } from "../smtp/address.ts";
import type { Message } from "./queue.ts";
import type { Verdict } from "./verdict.ts";

/** Writes the one log line about a recipient's try. */
export function logVerdict(
  log: Log,
  { message, verdict, now }: {
    readonly message: Message;
    readonly verdict: Verdict;
    readonly now: number;
  },
): void {
  const { recipient, settled, attempts, gaveUp, relayed } = verdict;
  const fields = {
    id: message.id,
    session: message.session,
    from: formatReversePath(message.from),
    to: formatMailbox(recipient.address),
    host: settled.host,
    reply: settled.reply,
    attempts,
    milliseconds: now - message.receivedAt,
    ...("session" in settled && { dialogue: settled.session }),
  };
  switch (settled.status) {
    case "delivered":
      log.info(relayed ? "message relayed" : "message delivered", fields);
      break;
    case "deferred":
      log.warn("message deferred", { ...fields, next: next(settled) });
      break;
    case "postponed":
      log.info("message postponed", { ...fields, next: next(settled) });
      break;
    case "failed":
      log.error("message undeliverable", { ...fields, gaveUp });
      break;
    default:
      settled satisfies never;
  }
}

function next({ until }: { readonly until: number }): string {
  return new Date(until).toISOString();
}
