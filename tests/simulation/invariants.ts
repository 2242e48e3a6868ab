import type { Counts } from "./counts.ts";
import {
  type Found,
  foundMail,
  type FoundReport,
  letterIn,
  reportIn,
  tokenOf,
} from "./found.ts";
import type { Ledger, Reception, Submission } from "./ledger.ts";
import { type Letter, OUR_DOMAIN, OUR_MAILBOXES } from "./letters.ts";

/** What a story left behind. */
export interface Evidence {
  readonly ledger: Ledger;
  readonly counts: Counts;
  /** Every file on the disk. */
  readonly files: readonly (readonly [string, Uint8Array])[];
  readonly store: "maildir" | "mbox";
}

/** The promises that were broken, each in a line. */
export function faultsOf(evidence: Evidence): readonly string[] {
  return [...new Inquiry(evidence).faults()];
}

class Inquiry {
  readonly #evidence: Evidence;
  readonly #ledger: Ledger;
  readonly #mail: readonly Found[];
  readonly #reports: readonly FoundReport[];

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    this.#ledger = evidence.ledger;
    this.#mail = foundMail(evidence.files, evidence.store);
    this.#reports = [
      ...this.#mail.map(({ mailbox, text }) => reportIn(mailbox, text)),
      ...this.#ledger.receptions.flatMap(({ recipients, text, taken }) =>
        taken ? recipients.map((to) => reportIn(to, text)) : []
      ),
    ].filter((report) => report !== undefined);
  }

  *faults(): Generator<string> {
    const { counts } = this.#evidence;
    counts.add("copies in our mailboxes", this.#mail.length);
    counts.add("reports (DSNs) that arrived", this.#reports.length);
    yield* this.#litter();
    yield* this.#nothingInvented();
    for (const submission of this.#ledger.submissions.values()) {
      yield* this.#judge(submission);
    }
  }

  /**
   * No file is there but those that belong there. The lock of an mbox file's lock may be: what a
   * crash leaves of it goes with the next lock that has to be broken.
   */
  *#litter(): Generator<string> {
    const state = /^\/mail\/\.smtpd\/(?:queue\.db|lock|secret|aliases)$/;
    const mailbox = this.#evidence.store === "maildir"
      ? /^\/mail\/[^/]+\/[^/]+\/new\/[^/]+$/
      : /^\/mail\/[^/.][^/]*\/[^/]+(?<!\.lock)$/;
    for (const [path] of this.#evidence.files) {
      if (!state.test(path) && !mailbox.test(path)) {
        yield `${path} stays behind`;
      }
    }
  }

  /** Whatever arrived anywhere was sent by somebody, and is the same to the octet. */
  *#nothingInvented(): Generator<string> {
    for (const { mailbox, text } of this.#mail) {
      yield* this.#checkCopy(mailbox, text);
    }
    for (const { recipients, text } of this.#ledger.receptions) {
      for (const address of recipients) yield* this.#checkCopy(address, text);
    }
  }

  *#checkCopy(address: string, text: string): Generator<string> {
    const token = tokenOf(text);
    if (token === undefined) {
      if (!reportIn(address, text)) {
        yield `${address} got something that nobody sent: ${
          JSON.stringify(text.slice(0, 200))
        }`;
      }
      return;
    }
    const submission = this.#ledger.submissions.get(token);
    if (submission === undefined) return yield `${token} was never sent`;
    const { letter, fate } = submission;
    const mailboxes = letter.recipients.flatMap(({ mailboxes }) => mailboxes);
    if (!mailboxes.includes(address)) yield `${token} went astray: ${address}`;
    if (letterIn(text) !== letter.text) yield `${token} was changed`;
    const isOurs = fate === "accepted" || fate === "unanswered" ||
      (fate === "refused" && this.#ledger.ghosts.has(token));
    if (!isOurs) yield `${token} was ${fate}, and yet ${address} got it`;
  }

  *#judge(submission: Submission): Generator<string> {
    const { letter, accepted, fate } = submission;
    for (const { address, mailboxes } of letter.recipients) {
      for (const mailbox of mailboxes) {
        const isLocal = mailbox.endsWith(`@${OUR_DOMAIN}`);
        const copies = isLocal
          ? this.#copiesHere(letter.token, mailbox)
          : this.#copiesThere(letter.token, mailbox);
        yield* isLocal
          ? this.#notTwiceHere(letter.token, mailbox, copies)
          : this.#notTwiceThere(letter.token, mailbox);
        const failures = this.#reportsOn(letter.token, mailbox, "failed");
        if (new Set(failures.map(({ messageId }) => messageId)).size > 1) {
          yield `${letter.token} to ${mailbox} bounced twice`;
        }
        if (failures.length > 0 && !this.#mayFail(letter.token, mailbox)) {
          yield `${letter.token} to ${mailbox} bounced without need`;
        }
        const isOurs = fate === "accepted" ||
          (fate === "unanswered" && this.#ledger.wasQueued(letter.token));
        if (!isOurs || !accepted.includes(address)) continue;
        if (copies > 0) {
          if (isLocal) yield* this.#successReported(letter, mailbox);
        } else if (
          failures.length === 0 && this.#isBounceDue(submission, mailbox)
        ) {
          yield `${letter.token} to ${mailbox} is lost`;
        }
      }
    }
  }

  /** A sender of ours who wants to hear of success does. */
  *#successReported(
    { token, from, notify }: Letter,
    mailbox: string,
  ): Generator<string> {
    if (!notify?.startsWith("SUCCESS") || !OUR_MAILBOXES.includes(from)) return;
    if (this.#reportsOn(token, mailbox, "delivered").length > 0) return;
    if (this.#ledger.wasGivenUp(token, mailbox)) return;
    if (this.#ledger.wasReportGivenUp(from)) return;
    yield `nobody told ${from} that ${mailbox} got ${token}`;
  }

  /** Whether its sender must have got a report if a recipient has no copy. */
  #isBounceDue({ letter }: Submission, mailbox: string): boolean {
    const { token, from, notify } = letter;
    if (!this.#mayFail(token, mailbox)) return true;
    const isSilent = from === "" || notify === "NEVER" ||
      this.#ledger.wasReportGivenUp(from);
    return !isSilent && !this.#mayBeRefused(from);
  }

  /** Whether a recipient may be without a copy: refused elsewhere, or tried long enough. */
  #mayFail(token: string, address: string): boolean {
    return this.#mayBeRefused(address) ||
      this.#ledger.wasGivenUp(token, address);
  }

  #mayBeRefused(address: string): boolean {
    const [, domain = ""] = address.split("@");
    return domain === "nowhere.example" || this.#ledger.hostile.has(domain);
  }

  #copiesHere(token: string, mailbox: string): number {
    return this.#mail.filter((found) =>
      found.mailbox === mailbox && tokenOf(found.text) === token
    ).length;
  }

  #copiesThere(token: string, address: string): number {
    return this.#receptionsOf(token, address)
      .filter(({ taken }) => taken).length;
  }

  /**
   * In a Maildir a copy replaces itself; an mbox may hold one more for each crash, or for an error
   * after the copy was whole.
   */
  *#notTwiceHere(
    token: string,
    mailbox: string,
    copies: number,
  ): Generator<string> {
    const most = this.#evidence.store === "maildir"
      ? 1
      : 1 + this.#ledger.crashes.length +
        this.#evidence.counts.of("disk: EIO");
    if (copies > most) yield `${token} is in ${mailbox} ${copies} times`;
  }

  /** Sent again is only what wasn't answered, or whose answer a crash wiped out. */
  *#notTwiceThere(token: string, address: string): Generator<string> {
    const receptions = this.#receptionsOf(token, address);
    for (const [at, next] of receptions.slice(1).entries()) {
      const last = receptions[at]!;
      if (!last.taken || !last.isHeard() || last.lied || next.lied) continue;
      // It was given up long before, and yet was on its way.
      if (next.begun < last.at && !next.isHeard()) continue;
      if (this.#ledger.crashedBetween(last.at, next.at)) continue;
      yield `${token} was sent twice to ${address}`;
    }
  }

  #receptionsOf(token: string, address: string): readonly Reception[] {
    return this.#ledger.receptions.filter(({ recipients, text }) =>
      recipients.includes(address) && tokenOf(text) === token
    );
  }

  #reportsOn(
    token: string,
    address: string,
    action: string,
  ): readonly FoundReport[] {
    return this.#reports.filter(({ id, recipients }) =>
      this.#ledger.tokenOf(id) === token &&
      recipients.some((each) =>
        each.address === address && each.action === action
      )
    );
  }
}
