import { tokenIn } from "./ledger.ts";
import { textOf } from "./talk.ts";

/** A message in a mailbox of ours. */
export interface Found {
  readonly mailbox: string;
  readonly text: string;
}

/** A report (DSN) that a sender got. */
export interface FoundReport {
  /** What tells it from others; copies of it have it in common. */
  readonly messageId: string;
  readonly to: string;
  /** The queue ID of the message that it is about. */
  readonly id: string;
  /** When it was written, milliseconds since the Unix epoch, to the second. */
  readonly date: number;
  readonly recipients: readonly {
    readonly address: string;
    readonly action: string;
  }[];
}

/** The messages in our mailboxes, as a mail reader finds them. */
export function foundMail(
  files: readonly (readonly [string, Uint8Array])[],
  store: "maildir" | "mbox",
): readonly Found[] {
  return files.flatMap(([path, octets]) => {
    const [, , domain = "", user = "", folder] = path.split("/");
    if (domain === ".smtpd" || path.endsWith(".lock")) return [];
    const mailbox = `${user}@${domain}`;
    if (store === "mbox") {
      return messagesOf(textOf(octets)).map((text) => ({ mailbox, text }));
    }
    return folder === "new" ? [{ mailbox, text: textOf(octets) }] : [];
  });
}

/** The messages in an mbox file, with line ends as SMTP has them. */
function messagesOf(mbox: string): readonly string[] {
  return mbox.split(/^From .*\n/m).slice(1).map((text) =>
    text.replace(/\n$/, "").replace(/^>(>*From )/gm, "$1")
      .replace(/\n/g, "\r\n")
  );
}

/** The letter that a message is a copy of; `undefined` for a report. */
export function tokenOf(text: string): string | undefined {
  const top = /^(?:Return-Path: .*\r\n)?Received: from \S+/.exec(text);
  return top ? tokenIn(top[0]) : undefined;
}

/** The letter in a message, without what was put on top: our trace lines. */
export function letterIn(text: string): string {
  return text.replace(/^Return-Path: .*\r\n/, "")
    .replace(/^Received: .*\r\n(?:\t.*\r\n)*/, "");
}

/** Reads a report; `undefined` for another message. */
export function reportIn(to: string, text: string): FoundReport | undefined {
  if (!/^Content-Type: multipart\/report/m.test(text)) return undefined;
  const unfolded = text.replace(/\r\n[ \t]+/g, " ");
  const messageId = /^Message-ID: (.*)\r$/im.exec(text)?.[1] ?? "";
  const id = /Queue ID: (\w+)/.exec(unfolded)?.[1] ?? "";
  const date = Date.parse(/^Date: (.*)\r$/m.exec(unfolded)?.[1] ?? "");
  const recipients = unfolded.split("\r\n\r\n").flatMap((block) => {
    const address = /^Final-Recipient: rfc822; ?(\S+)/im.exec(block)?.[1];
    const action = /^Action: (\w+)/im.exec(block)?.[1];
    return address && action ? [{ address, action }] : [];
  });
  return { messageId, to, id, date, recipients };
}
