/** Where mail goes: to our own mailboxes, or to other servers. */
import type { Settings } from "../config/settings.ts";
import { makeGate } from "../delivery/gate.ts";
import { LOCAL_LANE } from "../delivery/lanes.ts";
import { localDelivery } from "../delivery/local.ts";
import { reportsToSenders } from "../delivery/reports.ts";
import { makeWaves } from "../delivery/waves.ts";
import { type Directory, judgeRecipient } from "../policy/recipients.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import type { Deliver, Report } from "../queue/delivery.ts";
import type { Put, Recipient } from "../queue/queue.ts";
import type { MailStore } from "../store/mail_store.ts";
import type { Relay } from "./relay.ts";

/** What the ways that mail goes are made of. */
export interface WaysOptions {
  readonly store: MailStore;
  readonly relay: Relay;
  readonly directory: Directory;
  readonly nextId: () => string;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly log: Log;
}

/** The ways that mail goes. */
export interface Ways {
  /** The lane a recipient is in. */
  readonly laneOf: (recipient: Recipient) => string;
  readonly deliver: Deliver;
  /** Where senders are told what became of their mail. */
  readonly report: Report;
  /** Whether a message is delivered so soon that its client can wait for it. */
  isPrompt(put: Put): boolean;
  /** Delivers such a message. */
  readonly deliverPromptly: Deliver;
}

/** Copies of a message that its client waits for: more take longer than it should wait. */
const PROMPT_COPIES = 16;

/**
 * Messages delivered promptly at the same time: each holds a thread of Deno's while it is synced. Syncs
 * that run together share what they cost: 64 take a fifth less CPU for a message than 16.
 */
const PROMPT_DELIVERIES = 64;

/** Finds the ways that the settings make. */
export function waysOf(
  settings: Settings,
  { store, relay, directory, nextId, clock, disk, log }: WaysOptions,
): Ways {
  const inWaves = makeWaves(clock);
  const throughGate = makeGate(PROMPT_DELIVERIES);
  const toFolders = localDelivery(store);
  const laneOf = ({ address: { domain } }: Recipient) =>
    directory.isOurs(domain) ? LOCAL_LANE : relay.laneOf(domain);
  return {
    laneOf,
    deliver: (delivery) =>
      delivery.lane === LOCAL_LANE
        ? inWaves(() => toFolders(delivery))
        : relay.deliver(delivery),
    report: reportsToSenders({
      hostname: settings.hostname,
      nextId,
      findSender: (to) => judgeRecipient(to, { directory, mayRelay: true }),
      clock,
      disk,
      log,
    }),
    // A mail reader may have an mbox locked for as long as it likes.
    isPrompt: ({ message: { recipients }, content }) =>
      settings.store === "maildir" && content.kind === "bytes" &&
      recipients.length <= PROMPT_COPIES &&
      recipients.every((recipient) => laneOf(recipient) === LOCAL_LANE),
    deliverPromptly: (delivery) => throughGate(() => toFolders(delivery)),
  };
}
