import { arrival, countMail, countSunk } from "./arrivals.ts";
import { openDriver } from "./driver.ts";
import type { Figures } from "./measures.ts";
import type { Running, Site } from "./peer.ts";
import type { Outcome } from "./plan.ts";
import { type Usage, usage } from "./processes.ts";
import type { Result } from "./run.ts";
import type { MailLoad } from "./workloads.ts";

/** Where mail may end. */
export interface Ends {
  /** The server's own site. */
  readonly site: Site;
  /** Messages in its Maildirs before the first was sent. */
  readonly already: number;
  /** That of the `smtp-sink -c` that gets what is relayed. */
  readonly sink: Pick<Site, "folder">;
}

const MIB = 1024 * 1024;

/** Milliseconds for which mail is sent before any is timed: servers run for months. */
const WARM_UP = 5_000;

/** Part of the messages that are sent at a time until then. */
const PORTION = 0.1;

/** Sends mail to a server, twice: to warm it up, and to measure it. */
export async function measureMail(
  server: Running,
  load: MailLoad,
  ends: Ends,
): Promise<Result> {
  const { messages } = load.mail;
  const { port } = ends.site;
  const idle = usage(server.pid);
  await using driver = openDriver(port, load);
  let warmUp = 0;
  for (const end = Date.now() + WARM_UP; Date.now() < end;) {
    const some = Math.ceil(messages * PORTION);
    const { errors } = await driver.send(some);
    if (errors.length > 0) return { figures: {}, errors };
    warmUp += some;
  }
  await arrived(load, warmUp, ends);

  const before = usage(server.pid);
  const outcome = await driver.send(messages);
  if (outcome.errors.length > 0) return { figures: {}, errors: outcome.errors };
  const end = await arrived(load, warmUp + messages, ends);
  const after = usage(server.pid);
  return {
    figures: {
      ...clientFigures(load, outcome),
      ...arrivalFigures(load, end - outcome.from),
      ...serverFigures({ idle, before, after }, messages),
    },
    errors: [],
  };
}

/** Waits until so many messages are where they go, since the server's start; gives the time of it. */
async function arrived(
  load: MailLoad,
  messages: number,
  { site, sink, already }: Ends,
): Promise<number> {
  switch (load.mail.until) {
    case "accepted":
      return Date.now();
    case "delivered":
      return await arrival(
        () => countMail(site) - already,
        messages * copies(load),
      );
    case "relayed":
      return await arrival(() => countSunk(sink), messages);
    default:
      return load.mail.until satisfies never;
  }
}

/** Files that a message becomes in Maildirs. */
function copies(load: MailLoad): number {
  return load.by === "generator" ? load.mail.recipients : 1;
}

/** What can be told from the client's side. */
function clientFigures(
  { mail }: MailLoad,
  { from, to, latency }: Outcome,
): Figures {
  const { messages, sizes, reuse } = mail;
  const average = sizes.reduce((sum, size) => sum + size) / sizes.length;
  return {
    accepted: perSecond(messages, to - from),
    throughput: perSecond(messages * average / MIB, to - from),
    ...(!reuse && { connections: perSecond(messages, to - from) }),
    ...latency,
  };
}

function arrivalFigures(load: MailLoad, time: number): Figures {
  const { until, messages } = load.mail;
  switch (until) {
    case "accepted":
      return {};
    case "delivered":
      return { delivered: perSecond(messages * copies(load), time) };
    case "relayed":
      return { relayed: perSecond(messages, time) };
    default:
      return until satisfies never;
  }
}

/** What the server used. */
function serverFigures(
  { idle, before, after }: Readonly<Record<"idle" | "before" | "after", Usage>>,
  messages: number,
): Figures {
  return {
    cpu: (after.cpu - before.cpu) / messages,
    peak: after.peak / MIB,
    growth: Math.max(after.peak - idle.resident, 0) / MIB,
  };
}

/** How much of something there was in a second, of a time in milliseconds. */
function perSecond(amount: number, time: number): number {
  return amount / Math.max(time, 1) * 1_000;
}
