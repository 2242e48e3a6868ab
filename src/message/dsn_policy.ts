import type { Mailbox } from "../smtp/address.ts";
import type { NotifyOn } from "../smtp/dsn_parameters.ts";

/** What a report can say of a recipient (RFC 3464 §2.3.3). */
export type Action =
  /** It will never have its copy. */
  | "failed"
  /** It has no copy yet and is tried on. */
  | "delayed"
  /** Its copy is in its mailbox. */
  | "delivered"
  /** Its copy went to a server that doesn't offer DSN, so that no more will be heard of it. */
  | "relayed"
  /** It stood for several others, which now have their own copies. */
  | "expanded";

/** What there is to know of one recipient to decide whether its sender hears of it. */
export interface ReportQuestion {
  /** The message's reverse-path; `null` for `<>`, as that of a report is. */
  readonly sender: Mailbox | null;
  /** Whether the message was submitted by one of ours, or came from a network that we trust. */
  readonly trusted: boolean;
  /** What NOTIFY asked for; `undefined` when it didn't (RFC 3461 §4.1). */
  readonly notify: readonly NotifyOn[] | undefined;
  /** `passed on`: its copy went to a server that offers DSN, and the duty to report with it. */
  readonly outcome: Action | "passed on";
}

const REPORTED_ON: Readonly<
  Record<ReportQuestion["outcome"], NotifyOn | null>
> = {
  failed: "FAILURE",
  delayed: "DELAY",
  delivered: "SUCCESS",
  relayed: "SUCCESS", // RFC 3461 §5.2.2
  expanded: "SUCCESS", // RFC 3461 §5.2.7
  "passed on": null,
};

/** What is reported when nobody said (RFC 3461 §4.1). */
const BY_DEFAULT: readonly NotifyOn[] = ["FAILURE", "DELAY"];

/**
 * Whether a report on one recipient is due. Never to the null reverse-path, so that no report is
 * ever reported on (RFC 5321 §6.1). Of success only to those we trust: to anyone else it would tell
 * which mailboxes exist, and let a forged sender be flooded.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { isReportDue } from "./dsn_policy.ts";
 *
 * const sender = { local: "petya", domain: "test.ru" };
 * const question = { sender, trusted: true, notify: undefined, outcome: "failed" } as const;
 * assert(isReportDue(question));
 * assert(!isReportDue({ ...question, sender: null }));
 * assert(!isReportDue({ ...question, notify: [] }));
 * ```
 */
export function isReportDue(
  { sender, trusted, notify, outcome }: ReportQuestion,
): boolean {
  const event = REPORTED_ON[outcome];
  return sender !== null && event !== null &&
    (notify ?? BY_DEFAULT).includes(event) &&
    (event !== "SUCCESS" || trusted);
}
