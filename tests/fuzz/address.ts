/**
 * Addresses: what is read is what a plain reader of the grammar reads; what is written is read as the
 * same; and a path ends where it seems to.
 */
import { assert, assertEquals } from "@std/assert";
import {
  formatMailbox,
  isDomain,
  parseForwardPath,
  parseMailbox,
  parseReversePath,
  type Path,
} from "../../src/smtp/address.ts";
import { anyText, changed, repeat } from "./making.ts";
import { type Random, random } from "./random.ts";
import { readMailbox, takeForwardPath, takePath } from "./reference_address.ts";
import { showing } from "./target.ts";

const PIECES = [
  ...["a", "Z", "0", "ж", "中", "😀", "-", "_", ".", "..", " ", "@", '"', "\\"],
  ...['"a b"', '"\\""', '"@"', "[127.0.0.1]", "[IPv6:::1]", "[IPv6:", "[", "]"],
  ...["[1.2.3.256]", "[IPv6:1:2:3:4:5:6:7:8]", "[IPv6:::ffff:1.2.3.4]", "::"],
  ...[
    "x".repeat(63),
    "x".repeat(64),
    "x".repeat(65),
    "ж".repeat(32),
    "x.".repeat(120),
    ">",
    "<",
    ",",
    ":",
    "@a,@b:",
    "+tag",
  ],
  ...[
    "\t",
    "\0",
    "\x7f",
    "\u0080",
    "\u009b",
    "\u2028",
    "postmaster",
    "a@b",
    "test.ru",
  ],
];

/** One try. */
export function address(seed: number): void {
  const chance = random(seed);
  const text = anyAddress(chance);
  showing(text, () => checkMailbox(text));
  const path = `${chance.chance(0.95) ? "<" : ""}${text}${
    chance.pick([">", "> SIZE=1", ">x", ""])
  }`;
  showing(path, () => {
    assertEquals(shape(parseReversePath(path)), takePath(path));
    assertEquals(shape(parseForwardPath(path)), takeForwardPath(path));
  });
}

function anyAddress(chance: Random): string {
  const piece = () => chance.pick(PIECES);
  if (chance.chance(0.1)) return anyText(chance, 40);
  if (chance.chance(0.3)) return repeat(chance, 8, piece);
  const local = repeat(chance, 3, piece);
  const domain = repeat(chance, 3, piece);
  const mailbox = `${local}@${domain}`;
  return chance.chance(0.3) ? changed(chance, mailbox, PIECES) : mailbox;
}

function checkMailbox(text: string): void {
  // Octets are decoded before they are an address: no half of a surrogate pair comes here.
  const whole = text.toWellFormed();
  const mailbox = parseMailbox(whole);
  assertEquals(mailbox, readMailbox(whole));
  if (mailbox === undefined) return;
  const written = formatMailbox(mailbox);
  assertEquals(parseMailbox(written), mailbox, written);
  assertEquals(
    shape(parseReversePath(`<${written}> NEXT`)),
    { value: mailbox, rest: " NEXT" },
  );
  assert(!/[\p{Cc}\p{Zl}\p{Zp}]/u.test(written), "a control character");
  assert(
    mailbox.domain.startsWith("[") || isDomain(mailbox.domain),
    "a domain that is none",
  );
}

/** A path as the plain reader gives it. */
function shape(path: Path) {
  return path.kind === "path"
    ? { value: path.mailbox, rest: path.rest }
    : undefined;
}
