import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { makeAlarm } from "./alarm.ts";
import { makeAttempt } from "./attempt.ts";
import type { Task } from "./attempt.ts";
import type { Deliver, Report } from "./delivery.ts";
import type { GroupCommit } from "./group_commit.ts";
import { makeHoldings } from "./holdings.ts";
import type { Held } from "./holdings.ts";
import { makeLanes } from "./lanes.ts";
import { reasonOf } from "./reason.ts";
import { makeRestingLanes } from "./resting_lanes.ts";
import { LEASE } from "./queue.ts";
import type { Put, Queue, Recipient, Settled } from "./queue.ts";
import type { Patience } from "./schedule.ts";
import { freshStates, nextDueOf, settleStates } from "./state.ts";

/** Sees to it that every message in the queue is delivered, or reported as undeliverable. */
export interface Dispatcher {
  /** Takes a message on right after its commit, its content still at hand. */
  take(put: Put): void;
  /** Looks for due messages now. The first call starts it; what a crash left behind is due then. */
  kick(): void;
  /**
   * Looks anew at messages that the postmaster gave orders about. Tries of them that are under way
   * end first, those that are lined up don't begin; lanes that rest are tried again.
   */
  recall(ids: readonly string[]): void;
  /** What it is busy with. */
  counts(): Counts;
  /**
   * Starts no more work, waits at most `within` milliseconds for deliveries under way, and commits
   * what became of them. The rest stays in the queue, due as before.
   */
  stop(within: number): Promise<void>;
}

/** What a dispatcher is busy with. */
export interface Counts {
  /** Messages whose lease it holds. */
  readonly held: number;
  /** Deliveries that wait for their turn. */
  readonly waiting: number;
  /** Deliveries under way. */
  readonly running: number;
  /** Octets of content in memory. */
  readonly hot: number;
}

/** What a dispatcher works with. */
export interface DispatcherOptions {
  readonly queue: Queue;
  readonly commits: GroupCommit;
  readonly clock: Clock;
  readonly log: Log;
  /** The lane a recipient is in; those of one message in one lane are tried together. */
  readonly laneOf: (recipient: Recipient) => string;
  /** How many deliveries may be under way in a lane: 1 or more. */
  readonly laneLimit: (lane: string) => number;
  readonly deliver: Deliver;
  /** Where reports (DSNs) are written; an empty list reports nothing. */
  readonly report: Report;
  readonly patience: Patience;
  /** Octets of content kept in memory; beyond them content is read again when its turn comes. */
  readonly hotLimit?: number;
  /** Messages held at once; half as many deliveries may wait in one lane. */
  readonly heldLimit?: number;
}

/** A delivery of a message that is held. */
interface HeldTask extends Task {
  readonly held: Held;
}

/** Makes a dispatcher; it rests until `kick()` or `take()`. */
export function makeDispatcher(
  {
    queue,
    commits,
    clock,
    log,
    laneOf,
    laneLimit,
    deliver,
    report,
    patience,
    hotLimit = 16 * 1024 * 1024,
    heldLimit = 16 * 1024,
  }: DispatcherOptions,
): Dispatcher {
  const capacity = Math.ceil(heldLimit / 2);
  const length = Math.min(patience.retry[0] ?? LONGEST_REST, LONGEST_REST);
  const longestWait = Math.max(LONGEST_REST, ...patience.retry) + SLACK;
  const restingLanes = makeRestingLanes({ clock, length });
  const attempt = makeAttempt({
    queue,
    clock,
    log,
    deliver,
    report,
    patience,
    restingLanes,
  });
  const lanes = makeLanes<HeldTask>({ limit: laneLimit, capacity, run });
  const holdings = makeHoldings(hotLimit);
  /** Messages of which some recipients wait for their time while others are busy. */
  const divided = new Set<Held>();
  const alarm = makeAlarm(clock, () => {
    looking = looking.then(look);
  });
  let looking = Promise.resolve();
  let renewedAt = clock.now();
  /** Whether messages are due for which there was no room. */
  let starved = false;
  let phase: "working" | "stopping" | "stopped" = "working";

  return {
    take,
    kick: () => wakeAt(clock.now()),
    recall,
    counts: () => ({ ...holdings.counts(), ...lanes.counts() }),

    async stop(within) {
      phase = "stopping";
      alarm.cancel();
      lanes.close();
      await looking;
      await lanesIdle(within);
      await commits.flush();
      phase = "stopped";
      await queue.release(holdings.ids());
    },
  };

  function take({ message, content }: Put): void {
    if (phase === "stopped") return;
    if (holdings.counts().held >= heldLimit) {
      starved = true;
      void release(message.id);
      return;
    }
    const held = holdings.hold(
      { message, states: freshStates(message) },
      content,
      false,
    );
    // Due even if the clock has jumped back since it came.
    spread(held, Math.max(clock.now(), message.receivedAt));
  }

  function recall(ids: readonly string[]): void {
    restingLanes.endAll();
    const recalled = new Set(ids);
    const withdrawn = lanes.withdraw(({ held }) =>
      recalled.has(held.message.id)
    );
    for (const { held, recipients } of withdrawn) {
      endTask(held);
      for (const { number } of recipients) held.busy.delete(number);
    }
    for (const id of recalled) {
      const held = holdings.get(id);
      if (held === undefined) continue;
      held.recalled = true;
      review(held);
    }
    wakeAt(clock.now());
  }

  /** Takes on what is due, and sets the alarm for what comes next. */
  async function look(): Promise<void> {
    if (phase !== "working") return;
    const now = clock.now();
    try {
      await renewLeases(now);
      wakeAt(await takeDue(now));
      for (const held of [...divided]) spread(held, now);
      wakeAt(now + RENEWAL);
    } catch (cause) {
      log.error("queue unreadable", { error: reasonOf(cause) });
      wakeAt(now + PAUSE_AFTER_ERROR);
    }
  }

  async function renewLeases(now: number): Promise<void> {
    if (Math.abs(now - renewedAt) < RENEWAL) return;
    await queue.renew(holdings.ids(), now);
    renewedAt = now;
  }

  /** Takes on what is due as far as there is room; returns when to look again. */
  async function takeDue(now: number): Promise<number | undefined> {
    const room = Math.min(heldLimit - holdings.counts().held, MOST_AT_ONCE);
    if (room <= 0) {
      starved = true;
      return undefined;
    }
    const found = await queue.due(now, room, now + longestWait);
    for (const queued of found) {
      // Given to us twice if the clock jumped over the end of a lease.
      if (holdings.has(queued.message.id)) continue;
      spread(holdings.hold(queued, undefined, true), now);
    }
    if (found.length === room) return now;
    const next = await queue.nextDue(now);
    return next && Math.max(next, now + SHORTEST_PAUSE);
  }

  /** Lines up the recipients due by `now`, those in one lane together. */
  function spread(held: Held, now: number): void {
    const due = idleRecipients(held)
      .filter(({ number }) =>
        isDue(held.states[number]?.nextAttempt ?? 0, now)
      );
    if (held.order === "bounce") bounce(held, due);
    else lineUp(held, due, now);
    review(held);
  }

  /** What seems to wait for longer than anything does was put off before the clock was put back. */
  function isDue(time: number, now: number): boolean {
    return time <= now || time > now + longestWait;
  }

  /** Fails recipients without a try, and so without a lane to wait in. */
  function bounce(held: Held, due: readonly Recipient[]): void {
    if (due.length === 0) return;
    beginTask(held, due);
    void run({ lane: "", held, recipients: due });
  }

  function lineUp(held: Held, due: readonly Recipient[], now: number): void {
    const until = now + PAUSE_OF_FULL_LANE;
    const postponed: Settled[] = [];
    for (const [lane, recipients] of Map.groupBy(due, laneOf)) {
      beginTask(held, recipients);
      if (lanes.offer(lane, { lane, held, recipients })) continue;
      held.tasks--;
      for (const { number: recipient } of recipients) {
        postponed.push({ status: "postponed", recipient, until });
      }
    }
    if (postponed.length > 0) void settle(held, postponed, []);
  }

  function beginTask(held: Held, recipients: readonly Recipient[]): void {
    for (const { number } of recipients) held.busy.add(number);
    held.tasks++;
  }

  function endTask(held: Held): void {
    if (--held.tasks === 0) holdings.cool(held);
  }

  /** Does one delivery and passes on what became of it. Never throws. */
  async function run(task: HeldTask): Promise<void> {
    const { held, recipients } = task;
    const result = await attempt(task);
    endTask(held);
    if (phase === "stopped") return;
    if (result) {
      void settle(held, result.recipients, result.reports);
      return;
    }
    for (const { number } of recipients) held.busy.delete(number);
    review(held);
  }

  /** Makes news durable, and only then acts on it. */
  async function settle(
    held: Held,
    recipients: readonly Settled[],
    reports: readonly Put[],
  ): Promise<void> {
    const { id } = held.message;
    const settlement = { id, at: clock.now(), recipients };
    try {
      await commits.settle(settlement, reports);
    } catch (cause) {
      log.error("settlement given up", { id, error: reasonOf(cause) });
      return;
    }
    held.states = settleStates(held.states, settlement);
    for (const { recipient } of recipients) held.busy.delete(recipient);
    for (const put of reports) take(put);
    review(held);
  }

  /** Lets go of a message none of whose recipients is busy; else sees to those that aren't. */
  function review(held: Held): void {
    const next = earliest(held);
    if (held.busy.size === 0) {
      divided.delete(held);
      void letGo(held);
    } else if (next === undefined || held.recalled) {
      divided.delete(held);
    } else {
      divided.add(held);
      wakeAt(next);
    }
  }

  async function letGo(held: Held): Promise<void> {
    holdings.drop(held);
    if (starved && holdings.counts().held <= heldLimit / 2) {
      starved = false;
      wakeAt(clock.now());
    }
    const next = nextDueOf(held.states);
    if (next === undefined) return;
    await release(held.message.id);
    wakeAt(held.recalled ? clock.now() : next);
  }

  async function release(id: string): Promise<void> {
    try {
      await queue.release([id]);
    } catch (cause) {
      // Until the lease ends by itself.
      log.error("lease not released", { id, error: reasonOf(cause) });
    }
  }

  async function lanesIdle(within: number): Promise<void> {
    const { promise: timeout, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(within, resolve);
    await Promise.race([lanes.idle(), timeout]);
    cancel();
  }

  function wakeAt(time: number | undefined): void {
    if (time !== undefined && phase === "working") alarm.set(time);
  }
}

/** Recipients that wait and are not busy. */
function idleRecipients({ message, states, busy }: Held): Recipient[] {
  return message.recipients.filter(({ number }) =>
    states[number]?.status === "waiting" && !busy.has(number)
  );
}

/** When the first of the idle recipients is due. */
function earliest({ states, busy }: Held): number | undefined {
  return nextDueOf(states.filter((_, number) => !busy.has(number)));
}

/** Milliseconds that a lane rests, at most: no host that is back waits longer for its mail. */
const LONGEST_REST = 5 * 60_000;
/** Milliseconds by which a clock may be put back without anything being tried sooner for it. */
const SLACK = 60_000;
/** Milliseconds between renewals of our leases. */
const RENEWAL = LEASE / 3;
/** Milliseconds after which the queue is read again when that failed. */
const PAUSE_AFTER_ERROR = 5000;
/** Milliseconds for which recipients are put off when their lane is full. */
const PAUSE_OF_FULL_LANE = 30_000;
/** Milliseconds between looks at the queue unless a look brought as much as it could. */
const SHORTEST_PAUSE = 100;
/** Messages read from the queue at a time, lest the loop stand still. */
const MOST_AT_ONCE = 500;
