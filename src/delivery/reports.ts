import { formatReport } from "../message/dsn.ts";
import type { ReportedRecipient, ReportFacts } from "../message/dsn_facts.ts";
import { isReportDue } from "../message/dsn_policy.ts";
import type { Awaitable } from "../ports/awaitable.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import type { News, Notice, Report } from "../queue/delivery.ts";
import type { Message, Put } from "../queue/queue.ts";
import { formatMailbox, type Mailbox } from "../smtp/address.ts";
import { type Reply, replyLines } from "../smtp/reply.ts";
import { type Original, readOriginal } from "./reports_original.ts";

/** Where mail for a sender goes, or the reply that says why nowhere. */
export type SenderFound =
  | { readonly kind: "accepted"; readonly destinations: readonly Mailbox[] }
  | { readonly kind: "refused"; readonly reply: Reply };

/** What writing reports takes. */
export interface ReportOptions {
  /** The name of this server, a domain or an address literal. */
  readonly hostname: string;
  /** Makes queue IDs. */
  readonly nextId: () => string;
  readonly findSender: (sender: Mailbox) => Awaitable<SenderFound>;
  readonly clock: Pick<Clock, "now">;
  readonly disk: Pick<Disk, "stream">;
  readonly log: Log;
}

/** Octets of a message that is returned whole, for RET=FULL; of a larger one comes its header. */
const WHOLE_LIMIT = 1024 * 1024;

/**
 * Reports to senders (RFC 3461 §5, §6): one message on all that is new of theirs, with the null
 * reverse-path, so that nobody ever reports on it. It goes the ordinary way, to a mailbox of ours or
 * to another server.
 */
export function reportsToSenders(options: ReportOptions): Report {
  return async (news) => {
    const { message } = news;
    const sender = message.from;
    const notices = news.notices.filter((notice) => isDue(message, notice));
    if (sender === null || notices.length === 0) return [];
    const destinations = await destinationsOf(sender, message, options);
    if (destinations.length === 0) return [];
    const facts = await factsOf({ ...news, notices }, sender, options);
    logReport(facts, message, options);
    return [putReport(facts, message, destinations)];
  };
}

function isDue(
  { from, trusted }: Message,
  { recipient: { notify }, action }: Notice,
): boolean {
  return isReportDue({
    sender: from,
    trusted: trusted ?? false,
    notify,
    outcome: action,
  });
}

/** Where a report goes; nowhere when the sender turns out to be nobody of ours. */
async function destinationsOf(
  sender: Mailbox,
  { id, session }: Message,
  { findSender, log }: ReportOptions,
): Promise<readonly Mailbox[]> {
  const found = await findSender(sender);
  if (found.kind === "accepted") return found.destinations;
  log.warn("report dropped", {
    id,
    session,
    to: formatMailbox(sender),
    reply: replyLines(found.reply).join(" "),
  });
  return [];
}

async function factsOf(
  news: News,
  sender: Mailbox,
  { hostname, nextId, clock, disk }: ReportOptions,
): Promise<ReportFacts> {
  const { id, receivedAt, smtputf8, envid } = news.message;
  return {
    hostname,
    date: clock.now(),
    seed: nextId(),
    sender,
    message: {
      queueId: id,
      receivedAt,
      smtputf8,
      ...(envid !== undefined && { envid }),
      ...await originalOf(news, disk),
    },
    recipients: news.notices.map(reportedRecipient),
  };
}

/** What the sender gets back. What can't be read is left out, for the news is worth more. */
async function originalOf(
  { message: { ret, size }, content, notices }: News,
  disk: Pick<Disk, "stream">,
): Promise<Original> {
  const failed = notices.some(({ action }) => action === "failed");
  const whole = failed && ret === "FULL" && size <= WHOLE_LIMIT;
  const found = await content();
  if (found === undefined) return { returned: null };
  try {
    return await readOriginal(found, { disk, whole });
  } catch {
    return { returned: null };
  }
}

function reportedRecipient(
  { recipient, action, reply, host, lastAttempt, gaveUp, retryUntil }: Notice,
): ReportedRecipient {
  const { original, address, orcpt } = recipient;
  return {
    action,
    given: original,
    final: address,
    ...(orcpt && { orcpt }),
    status: statusIn(reply) ?? (gaveUp ? GIVEN_UP : ""),
    reply: reply === "" ? [] : reply.split(/\r?\n/),
    ...(host !== "" && host !== "local" && { host }),
    ...(lastAttempt !== null && { lastAttempt }),
    retryUntil,
  };
}

/** The enhanced status code of a reply (RFC 2034 §4). */
function statusIn(reply: string): string | undefined {
  return /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})(?=\s|$)/.exec(reply)?.[1];
}

/** "Delivery time expired" (RFC 3463 §3.5). */
const GIVEN_UP = "4.4.7";

/** The report as a message of its own. Its ID is what its facts were made unique by. */
function putReport(
  facts: ReportFacts,
  { session }: Message,
  destinations: readonly Mailbox[],
): Put {
  const { recipient, octets, smtputf8, body } = formatReport(facts);
  return {
    message: {
      id: facts.seed,
      from: null,
      receivedAt: facts.date,
      size: octets.length,
      smtputf8,
      body,
      session,
      client: null,
      recipients: destinations.map((address, number) => ({
        number,
        address,
        original: recipient,
      })),
    },
    content: { kind: "bytes", bytes: octets },
  };
}

function logReport(
  { seed, sender, recipients }: ReportFacts,
  { id, session }: Message,
  { log }: ReportOptions,
): void {
  log.info("report written", {
    id: seed,
    of: id,
    session,
    to: formatMailbox(sender),
    about: recipients.map(({ final, action }) =>
      `${formatMailbox(final)} ${action}`
    ).join(","),
  });
}
