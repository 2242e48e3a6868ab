import type { Endpoint } from "../net/transport.ts";
import { isDiskFull } from "../ports/disk.ts";
import type { Log, LogFields } from "../ports/log.ts";
import { isPositive, type Reply } from "../smtp/reply.ts";
import * as replies from "../smtp/replies.ts";

/** What the log says of one session: every line names it, most of them its client too. */
export class SessionLog {
  readonly #log: Log;
  readonly #session: string;
  readonly #peer: string;

  constructor(
    log: Log,
    { id, peer }: { readonly id: string; readonly peer: Endpoint },
  ) {
    this.#log = log;
    this.#session = id;
    this.#peer = peer.address;
  }

  /** Says that something happened; the `id` of a message comes first. */
  info(event: string, { id, ...fields }: LogFields): void {
    this.#log.info(event, {
      ...(id !== undefined && { id }),
      session: this.#session,
      peer: this.#peer,
      ...fields,
    });
  }

  /** Passes a reply on, and says so if it is a refusal. */
  told(event: string, reply: Reply, fields: LogFields = {}): Reply {
    const { code, status, text } = reply;
    if (!isPositive(reply)) {
      this.info(event, { ...fields, reply: [code, status, text].join(" ") });
    }
    return reply;
  }

  /**
   * Says that something of ours failed. Returns what the client hears of it: this is the one place
   * where our own failures become a reply.
   */
  failed(event: string, cause: unknown): Reply {
    this.#log.error(event, {
      session: this.#session,
      error: cause instanceof Error ? cause.message : String(cause),
    });
    return isDiskFull(cause) ? replies.DISK_FULL : replies.LOCAL_ERROR;
  }
}
