/** Addresses that our own server lets in. */
import { type Mailbox, parseMailbox } from "../../src/smtp/address.ts";
import type { Random } from "./random.ts";

const LOCAL_PARTS = [
  ...["petya", "a", "x".repeat(64), '"a b"', '"\\""', '"@"', "ж", "😀", "#1"],
  ...["a\u00a0b", "\u00a0a", "a\u3000"],
  ...["a+tag", '""', "_", "-", '" "', '"a,b"', "\u202e"],
  ...['"From:"', "=?utf-8?q?a?=", "%41", "con", "..\\", '"../../etc/passwd"'],
];
const DOMAINS = [
  ...[
    "test.ru",
    "TEST.RU",
    "[127.0.0.1]",
    "[IPv6:::1]",
    "почта.рф",
    "a_b",
    "中",
  ],
  `${`${"x".repeat(60)}.`.repeat(4)}test`,
];

/** One of them. */
export function anyAddress(chance: Random): Mailbox {
  for (;;) {
    const text = `${chance.pick(LOCAL_PARTS)}@${chance.pick(DOMAINS)}`;
    const mailbox = parseMailbox(text);
    if (mailbox !== undefined) return mailbox;
  }
}
