import { formatReturnPath } from "../message/trace.ts";
import { isDiskFull } from "../ports/disk.ts";
import type { Deliver, Delivery, Outcome } from "../queue/delivery.ts";
import type { Recipient } from "../queue/queue.ts";
import { formatReversePath } from "../smtp/address.ts";
import { replyLines } from "../smtp/reply.ts";
import { DISK_FULL, LOCAL_ERROR } from "../smtp/replies.ts";
import type { MailStore } from "../store/mail_store.ts";

/** Copies of one message that are written at the same time. */
const AT_ONCE = 16;

/** Delivers to our own mailboxes: each recipient gets its copy or is tried again. */
export function localDelivery(store: Pick<MailStore, "deliver">): Deliver {
  return async (delivery) => {
    const outcomes: Outcome[] = [];
    const { recipients } = delivery;
    for (let at = 0; at < recipients.length; at += AT_ONCE) {
      const some = recipients.slice(at, at + AT_ONCE);
      outcomes.push(
        ...await Promise.all(
          some.map((recipient) => deliverTo(recipient, delivery, store)),
        ),
      );
    }
    return outcomes;
  };
}

async function deliverTo(
  { number, address }: Recipient,
  { message, content, again }: Delivery,
  store: Pick<MailStore, "deliver">,
): Promise<Outcome> {
  try {
    await store.deliver(address, {
      id: message.id,
      number,
      receivedAt: message.receivedAt,
      sender: formatReversePath(message.from),
      header: formatReturnPath(message.from),
      content,
      again,
    });
    return {
      recipient: number,
      status: "delivered",
      reply: "250 2.1.5 Delivered",
      host: "local",
    };
  } catch (cause) {
    const [reply] = replyLines(isDiskFull(cause) ? DISK_FULL : LOCAL_ERROR);
    const why = cause instanceof Error ? cause.message : String(cause);
    return {
      recipient: number,
      status: "deferred",
      reply: `${reply} (${why})`,
      host: "local",
    };
  }
}
