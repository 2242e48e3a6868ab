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
  const { recipient, settled, attempts, gaveUp } = verdict;
  const fields = {
    id: message.id,
    session: message.session,
    from: formatReversePath(message.from),
    to: formatMailbox(recipient.address),
    host: settled.host,
    reply: settled.reply,
    attempts,
    milliseconds: now - message.receivedAt,
  };
  switch (settled.status) {
    case "delivered":
      log.info("message delivered", fields);
      break;
    case "deferred": {
      const next = new Date(settled.until).toISOString();
      log.warn("message deferred", { ...fields, next });
      break;
    }
    case "failed":
      log.error("message undeliverable", { ...fields, gaveUp });
      break;
    default:
      settled satisfies never;
  }
}
