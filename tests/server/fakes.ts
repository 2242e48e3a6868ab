/** A server's parts in memory, for tests that play its clients. */
import type { Transport } from "../../src/net/transport.ts";
import type { VisitServices } from "../../src/policy/visit.ts";
import type { Put } from "../../src/queue/queue.ts";
import { openSpool } from "../../src/queue/spool.ts";
import { makeLinkBuffers } from "../../src/server/link.ts";
import type { ConnectionServices } from "../../src/server/connection.ts";
import type { Door } from "../../src/server/doors.ts";
import type { ReceptionServices } from "../../src/server/reception.ts";
import { TimeLimits } from "../../src/ports/time_limits.ts";
import type { Transcripts } from "../../src/server/transcript.ts";
import type { ServerConfig } from "../../src/smtp/state.ts";
import { manualClock, settle } from "../log/manual_clock.ts";
import { anybody } from "../policy/visit_fakes.ts";
import { fakeLog } from "../queue/fakes.ts";
import { memoryDisk } from "../store/memory_disk.ts";
import { CONFIG } from "../transcripts/transcript.ts";

/** Milliseconds that the server of {@linkcode fakeServices} waits for a client. */
export const TIMEOUT = 5_000;

/** Where its contents wait for their end. */
export const SPOOL = "mail/.smtpd/spool";

/** Where its messages go: the queue is a list. */
export interface FakeServices extends ConnectionServices {
  readonly reception: ReceptionServices;
  readonly disk: ReturnType<typeof memoryDisk>;
  readonly clock: ReturnType<typeof manualClock>;
  readonly log: ReturnType<typeof fakeLog>;
  /** The messages queued. */
  readonly queued: Put[];
  /** The texts of the messages queued. */
  texts(): readonly string[];
  /** The dialogues kept, a line each, whoever's. */
  readonly record: string[];
}

/**
 * The services of a server for test.ru. It knows everybody there whose name doesn't start with
 * `nobody`, `both` is an alias of petya and masha, and message IDs are `1`, `2`, …
 */
export async function fakeServices(
  { config = CONFIG, memoryLimit = 64, maxHops = 100, visits, ...differences }:
    {
      readonly config?: ServerConfig;
      readonly maxHops?: number;
      /** What differs in how clients are judged. */
      readonly visits?: Partial<VisitServices>;
      /** Octets of a message above which it goes into a file. */
      readonly memoryLimit?: number;
      readonly enqueue?: (put: Put) => Promise<void>;
      readonly nextId?: () => string;
    } = {},
): Promise<FakeServices> {
  const clock = manualClock("2026-11-23T02:51:03Z");
  const disk = memoryDisk(() => clock.now());
  const log = fakeLog();
  const queued: Put[] = [];
  const record: string[] = [];
  let last = 0;
  const enqueue = (put: Put) => {
    queued.push(put);
    return Promise.resolve();
  };
  const nextId = () => `${++last}`;
  const spool = await openSpool({ folder: SPOOL, disk, log, memoryLimit });
  return {
    configOf: () => Promise.resolve(config),
    certificates: undefined,
    visits: { ...anybody(config.hostname), ...visits },
    bannerDelay: 0,
    reception: {
      hostname: config.hostname,
      firstDomain: "test.ru",
      maxHops,
      spool,
      nextId,
      enqueue,
      clock,
      log,
      ...differences,
    },
    transcripts: keptIn(record),
    timeLimits: new TimeLimits(clock),
    buffers: makeLinkBuffers(),
    timeout: TIMEOUT,
    log,
    disk,
    clock,
    queued,
    record,
    texts: () =>
      queued.map(({ content }) =>
        content.kind === "bytes"
          ? new TextDecoder().decode(content.bytes)
          : disk.text(content.path)!
      ),
  };
}

/** The door that servers come by. */
export const MAIL_DOOR: Door = {
  setting: "port",
  port: 25,
  implicitTls: false,
  login: "offered",
};

function keptIn(record: string[]): Transcripts {
  return {
    open: ({ id, peer }) => {
      record.push(`${id} from ${peer}`);
      return {
        add: (lines) => void record.push(...lines),
        close: () => void record.push(`${id} closed`),
      };
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** The door where people have to log in. */
export const SUBMISSION_DOOR: Door = {
  setting: "submission-port",
  port: 587,
  implicitTls: false,
  login: "required",
};

/** The same, under TLS from the first octet. */
export const SUBMISSIONS_DOOR: Door = {
  setting: "submissions-port",
  port: 465,
  implicitTls: true,
  login: "required",
};

/** A client, and the connection it has to the server. */
export interface FakeClient {
  /** The server's end. */
  readonly transport: Transport;
  /** Sends, and waits until all that follows from it has happened. */
  send(text: string): Promise<void>;
  /** What was heard since this was last asked. */
  heard(): string;
  /** Closes its end, and waits likewise. */
  hangUp(): Promise<void>;
  /** Whether the server closed the connection. */
  readonly closed: boolean;
}

/** A client that is connected; a `deaf` one never takes what the server sends. */
export function fakeClient(
  { peer = "192.0.2.1", deaf = false }: {
    readonly peer?: string;
    readonly deaf?: boolean;
  } = {},
): FakeClient {
  let input = new Uint8Array();
  let heard = "";
  let closed = false;
  let gone = false;
  /** Ends a read or a write that waits. */
  let wake: () => void = () => {};
  const change = async () => {
    wake();
    await settle();
  };
  return {
    transport: {
      peer: { address: peer, port: 4242 },
      local: { address: "192.0.2.25", port: 25 },
      async read(into) {
        while (input.length === 0 && !gone && !closed) await sleep();
        if (closed || input.length === 0) return null;
        const piece = input.subarray(0, into.length);
        into.set(piece);
        input = input.slice(piece.length);
        return piece.length;
      },
      async write(bytes) {
        while (deaf && !gone && !closed) await sleep();
        if (gone || closed) return false;
        heard += new TextDecoder().decode(bytes);
        return true;
      },
      [Symbol.dispose]() {
        closed = true;
        wake();
      },
    },
    send(text) {
      input = new Uint8Array([...input, ...new TextEncoder().encode(text)]);
      return change();
    },
    heard() {
      const text = heard;
      heard = "";
      return text;
    },
    hangUp() {
      gone = true;
      return change();
    },
    get closed() {
      return closed;
    },
  };

  function sleep(): Promise<void> {
    return new Promise((resolve) => wake = resolve);
  }
}

/** Lines as SMTP has them. */
export function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\r\n`).join("");
}
