/** What is done to the servers: the one table of workloads. */
import type { Amid } from "./amid.ts";
import type { Measure } from "./measures.ts";
import type { Ability } from "./peer.ts";
import { MOST_RECIPIENTS } from "./recipients.ts";

/** Mail that is sent to a server. */
export interface Mail {
  /** Messages in all, the warm-up before them not counted. */
  readonly messages: number;
  /** Connections at once. */
  readonly sessions: number;
  /** Octets of the messages' text, taken in turn. */
  readonly sizes: readonly number[];
  /** Whether a connection sends one message after another; else each message has one of its own. */
  readonly reuse: boolean;
  /** When the work is done: all acknowledged, all in Maildirs, all at the server that is relayed to. */
  readonly until: "accepted" | "delivered" | "relayed";
}

/** Mail as only a generator of our own sends it. */
export interface GeneratedMail extends Mail {
  readonly tls: boolean;
  /** Whether the commands up to DATA go out at once (RFC 2920). */
  readonly pipelined: boolean;
  /** Recipients of each message. */
  readonly recipients: number;
  /** Messages offered each second, whether or not the server keeps up; without it, as fast as it takes. */
  readonly rate?: number;
}

/** Mail, and what sends it. */
export type MailLoad =
  | {
    readonly by: "smtp-source";
    readonly mail: Mail;
    /** What there is a great deal in already. */
    readonly amid?: Amid;
  }
  | {
    readonly by: "generator";
    readonly mail: GeneratedMail;
    /** How many parts it is measured in, where early ones are to be compared with late ones. */
    readonly parts?: number;
  };

/** What is put on the server. */
export type Load =
  | MailLoad
  /** Sessions that have greeted and say no more. */
  | { readonly by: "crowd"; readonly sessions: number }
  /** No load: how long it takes to be there. */
  | { readonly by: "start" }
  /** Not the program but its protocol core, as `deno bench` times it. */
  | { readonly by: "framer" };

/** A row of the table. */
export interface Workload {
  readonly name: string;
  /** What is done, for the heading of its results. */
  readonly what: string;
  readonly load: Load;
  /** What the table of results shows; by the first, servers are compared. */
  readonly shows: readonly [Measure, ...Measure[]];
  /** Whether it takes too long to be done unless it is named. */
  readonly onlyIfNamed?: true;
}

const KIB = 1024;
const MIB = 1024 * KIB;

const MAIL: Mail = {
  messages: 10_000,
  sessions: 50,
  sizes: [4 * KIB],
  reuse: true,
  until: "delivered",
};

const GENERATED: GeneratedMail = {
  ...MAIL,
  tls: false,
  pipelined: false,
  recipients: 1,
};

/** Sizes as mail has them: most of it small, some of it much larger. */
const MIXED = [1, 4, 1, 4, 16, 1, 4, 1, 64, 1, 4, 1, 4, 16, 1, 1, 4, 1, 1024, 1]
  .map((size) => size * KIB);

/** Every workload, in the order they are run. */
export const WORKLOADS: readonly Workload[] = [
  {
    name: "delivered",
    what: "4 KiB to Maildir, 50 sessions, connections reused",
    load: { by: "smtp-source", mail: MAIL },
    shows: ["delivered", "accepted", "cpu", "peak"],
  },
  {
    name: "connections",
    what: "4 KiB to Maildir, 50 sessions, a connection for each message",
    load: { by: "smtp-source", mail: { ...MAIL, reuse: false } },
    shows: ["delivered", "accepted", "cpu", "peak"],
  },
  {
    name: "relayed",
    what: "4 KiB through the queue to smtp-sink, 50 sessions",
    load: { by: "smtp-source", mail: { ...MAIL, until: "relayed" } },
    shows: ["relayed", "accepted", "cpu", "peak"],
  },
  {
    name: "accepted",
    what:
      "4 KiB acknowledged, 50 sessions; smtp-sink throws away what it takes",
    load: { by: "smtp-source", mail: { ...MAIL, until: "accepted" } },
    shows: ["accepted", "cpu", "peak"],
  },
  {
    name: "latency",
    what: "4 KiB, 1,000 messages/s offered over 50 connections, MAIL to 250",
    load: {
      by: "generator",
      mail: { ...GENERATED, messages: 6_000, rate: 1_000 },
    },
    shows: ["p99", "p50", "max", "cpu"],
  },
  {
    name: "large",
    what: "16 messages of 20 MiB over 8 sessions",
    load: {
      by: "smtp-source",
      mail: { ...MAIL, messages: 16, sessions: 8, sizes: [20 * MIB] },
    },
    shows: ["throughput", "peak", "growth"],
  },
  {
    name: "idle-2000",
    what: "2,000 sessions that have said EHLO and wait",
    load: { by: "crowd", sessions: 2_000 },
    shows: ["session", "peak"],
  },
  {
    name: "idle-10000",
    what: "10,000 sessions that have said EHLO and wait",
    load: { by: "crowd", sessions: 10_000 },
    shows: ["session", "peak"],
  },
  {
    name: "full-queue",
    what: "As `delivered`, with 100,000 other messages in the queue",
    load: { by: "smtp-source", mail: MAIL, amid: "full queue" },
    shows: ["delivered", "start", "list", "cpu", "peak"],
  },
  {
    name: "full-mailbox",
    what: "As `delivered`, to a mailbox with 100,000 files",
    load: { by: "smtp-source", mail: MAIL, amid: "full mailbox" },
    shows: ["delivered", "start", "cpu", "peak"],
  },
  {
    name: "start",
    what: "From start to the first greeting",
    load: { by: "start" },
    shows: ["start"],
  },
  {
    name: "handshakes",
    what: "4 KiB after STARTTLS, a connection for each message",
    load: {
      by: "generator",
      mail: { ...GENERATED, messages: 2_000, tls: true, reuse: false },
    },
    shows: ["connections", "delivered", "p50", "p99", "cpu", "peak"],
  },
  {
    name: "tls",
    what: "4 KiB after STARTTLS, connections reused",
    load: { by: "generator", mail: { ...GENERATED, tls: true } },
    shows: ["delivered", "accepted", "p50", "p99", "cpu", "peak"],
  },
  {
    name: "pipelined",
    what: "4 KiB, commands up to DATA sent at once",
    load: { by: "generator", mail: { ...GENERATED, pipelined: true } },
    shows: ["delivered", "accepted", "p50", "p99", "cpu"],
  },
  {
    name: "recipients",
    what: "4 KiB to 50 recipients, commands up to DATA sent at once",
    load: {
      by: "generator",
      mail: {
        ...GENERATED,
        messages: 200,
        pipelined: true,
        recipients: MOST_RECIPIENTS,
      },
    },
    shows: ["delivered", "accepted", "p50", "p99", "cpu"],
  },
  {
    name: "mixed",
    what: "1 KiB to 1 MiB, most of it small, connections reused",
    load: {
      by: "generator",
      mail: { ...GENERATED, messages: 2_000, sizes: MIXED },
    },
    shows: ["delivered", "throughput", "p50", "p99", "cpu", "peak"],
  },
  {
    name: "hour",
    what:
      "4 KiB, 500 messages/s for an hour: its first ten minutes, and its last",
    load: {
      by: "generator",
      mail: { ...GENERATED, messages: 1_800_000, rate: 500 },
      parts: 12,
    },
    shows: [
      "cpuLate",
      "cpuEarly",
      "systemLate",
      "systemEarly",
      "residentLate",
      "residentEarly",
      "p99Late",
      "p99Early",
    ],
    onlyIfNamed: true,
  },
  {
    name: "framer",
    what: "The core alone: a message's octets through the framer",
    load: { by: "framer" },
    shows: ["framed"],
  },
];

/** The load with another number of messages. */
export function withMessages(load: MailLoad, messages: number): MailLoad {
  switch (load.by) {
    case "smtp-source":
      return { ...load, mail: { ...load.mail, messages } };
    case "generator":
      return { ...load, mail: { ...load.mail, messages } };
    default:
      return load satisfies never;
  }
}

/** Whether a load is one of messages. */
export function isMail(load: Load): load is MailLoad {
  return load.by === "smtp-source" || load.by === "generator";
}

/** What a server must be able to do for a load. */
export function neededFor(load: Load): readonly Ability[] {
  switch (load.by) {
    case "smtp-source":
      return [
        ...arrivalNeeds(load.mail),
        ...(load.amid ? ["fill"] as const : []),
      ];
    case "generator":
      return [
        ...arrivalNeeds(load.mail),
        ...(load.mail.tls ? ["tls"] as const : []),
        ...(load.mail.pipelined ? ["pipeline"] as const : []),
      ];
    case "crowd":
      return ["crowd"];
    case "start":
    case "framer":
      return [];
    default:
      return load satisfies never;
  }
}

function arrivalNeeds({ until }: Mail): readonly Ability[] {
  switch (until) {
    case "accepted":
      return [];
    case "delivered":
      return ["deliver"];
    case "relayed":
      return ["relay"];
    default:
      return until satisfies never;
  }
}
