/** Whether everybody got their mail, and nobody anything else. */
import { join } from "node:path";
import { takeOwnerLock } from "../../src/queue/sqlite/owner_lock.ts";
import { LATIN1 } from "../e2e/octets.ts";
import { filesUnder, litter } from "../e2e/stored_mail.ts";
import { ELSEWHERE, isElsewhere, type Letter, USERS } from "./letters.ts";

export type Store = "maildir" | "mbox";

/** What there is to look at once the server has delivered all it can and stopped. */
export interface Evidence {
  readonly mailDir: string;
  readonly store: Store;
  readonly letters: readonly Letter[];
  /** What the other server took on. */
  readonly remote: readonly {
    readonly to: readonly string[];
    readonly text: string;
  }[];
  /** How often the server was killed. */
  readonly kills: number;
}

/** What an audit counted. */
export interface Counts {
  readonly acknowledged: number;
  /** Copies in mailboxes here, and at the other server. */
  readonly local: number;
  readonly remote: number;
  /** Reports of failure. */
  readonly reports: number;
  /** Copies at the other server beyond the first. */
  readonly repeated: number;
}

/** Compares what was delivered with what was sent; throws with all that is wrong. */
export function audit(evidence: Evidence): Counts {
  const faults: string[] = [];
  const { letters, mailDir, kills, store } = evidence;
  const byMark = new Map(letters.map((letter) => [letter.mark, letter]));
  const mailboxes = USERS.map((user) => {
    const mails = store === "maildir"
      ? maildir(mailDir, user)
      : mbox(mailDir, user);
    return { user, mails: mails.map(readMail) };
  });
  const counts = { acknowledged: 0, local: 0, remote: 0, reports: 0 };
  let repeated = 0;

  for (const { user, mails } of mailboxes) {
    const own = Map.groupBy(mails, ({ mark, report }) => `${report} ${mark}`);
    for (const { mark, report, content } of mails) {
      const letter = byMark.get(mark);
      const wanted = report
        ? user === "petya" && letter?.to.includes(ELSEWHERE.nobody)
        : letter?.to.includes(`${user}@test.ru`);
      if (!letter || !wanted) faults.push(`${user} got ${mark}, not theirs`);
      else if (!report && content !== expected(letter, store)) {
        faults.push(`${user} got ${mark} with another content`);
      }
    }
    for (const { mark, to, acknowledged, kills: before } of letters) {
      const most = store === "mbox" ? 1 + kills - before : 1;
      const expect = (what: string, copies: number) => {
        if (copies > most || (acknowledged && copies === 0)) {
          faults.push(`${user} got ${copies} of ${what} ${mark}`);
        }
        return copies;
      };
      if (to.includes(`${user}@test.ru`)) {
        counts.local += expect(
          "message",
          own.get(`false ${mark}`)?.length ?? 0,
        );
      }
      if (user === "petya" && to.includes(ELSEWHERE.nobody)) {
        counts.reports += expect(
          "report",
          own.get(`true ${mark}`)?.length ?? 0,
        );
      }
    }
  }

  const sent = Map.groupBy(
    evidence.remote.flatMap(({ to, text }) =>
      to.map((address) => ({ address, ...readMail(text) }))
    ),
    ({ address, mark }) => `${address} ${mark}`,
  );
  for (const letter of letters) {
    const { mark, to, acknowledged, kills: before } = letter;
    if (acknowledged) counts.acknowledged++;
    for (const address of to.filter(isElsewhere)) {
      const copies = sent.get(`${address} ${mark}`) ?? [];
      sent.delete(`${address} ${mark}`);
      counts.remote += copies.length;
      repeated += Math.max(0, copies.length - 1);
      if (copies.length > 1 + kills - before) {
        faults.push(`${address} got ${mark} ${copies.length} times`);
      }
      if (acknowledged && copies.length === 0) {
        faults.push(`${address} never got ${mark}`);
      }
      if (copies.some(({ content }) => content !== letter.content)) {
        faults.push(`${address} got ${mark} with another content`);
      }
    }
  }
  for (const key of sent.keys()) faults.push(`sent to nobody's wish: ${key}`);
  if (repeated > kills * MOST_UNSETTLED) {
    faults.push(`${repeated} sent again after ${kills} kills`);
  }
  faults.push(...leftovers(mailDir));
  if (faults.length > 0) throw new Error(faults.slice(0, 20).join("\n"));
  return { ...counts, repeated };
}

/**
 * Messages sent whose settlement isn't durable: one for each connection to a destination, and the
 * news that waits for a commit to ride on.
 */
const MOST_UNSETTLED = 20 + 64;

interface Mail {
  readonly mark: string;
  /** Whether it is a report on the message with this mark. */
  readonly report: boolean;
  /** What is behind the fields that servers put on top. */
  readonly content: string;
}

function readMail(mail: string): Mail {
  const mark = /^X-Mark: (\S+)\r?$/m.exec(mail)?.[1] ?? "unmarked";
  return {
    mark,
    report: /^Content-Type: multipart\/report\b/m.test(mail),
    content: mail.replace(
      /^(?:Return-Path: .*\r?\n)?Received: .*\r?\n(?:\t.*\r?\n)*/,
      "",
    ),
  };
}

/** What a message has to look like in a mailbox. */
function expected({ content }: Letter, store: Store): string {
  return store === "maildir" ? content : content.replaceAll("\r\n", "\n");
}

function maildir(mailDir: string, user: string): readonly string[] {
  const folder = join(mailDir, "test.ru", user);
  return filesUnder(folder).map((path) =>
    LATIN1.decode(Deno.readFileSync(join(folder, path)))
  );
}

/** The messages of an mbox file, the `>` before their `From` lines undone. */
function mbox(mailDir: string, user: string): readonly string[] {
  const text = LATIN1.decode(
    Deno.readFileSync(join(mailDir, "test.ru", user)),
  );
  return text.split(/^From .*\n/m).slice(1).map((mail) =>
    mail.replace(/\n$/, "").replace(/^>(>*From )/gm, "$1")
  );
}

/** What a server that has stopped must not leave behind. */
function leftovers(mailDir: string): readonly string[] {
  const state = /^\.smtpd\/(?:queue\.db|lock|secret|transcripts\/.*\.log)$/;
  const strange = filesUnder(mailDir).filter((path) =>
    path.startsWith(".smtpd/") ? !state.test(path) : path.endsWith(".lock")
  );
  using lock = takeOwnerLock(join(mailDir, ".smtpd", "lock"));
  return [
    ...litter(mailDir).map((path) => `left behind: ${path}`),
    ...strange.map((path) => `left behind: ${path}`),
    ...(lock ? [] : ["the lock is held"]),
  ];
}
