/**
 * Names that are made of what strangers say: of folders and files, which stay inside their folder and
 * tell any two mailboxes apart on every disk; and of parameters, which are read as they were meant.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path/posix";
import { join as joinOnWindows } from "node:path/win32";
import { folderNames, safeName } from "../../src/store/names.ts";
import {
  decodeUtf8Address,
  decodeXtext,
  encodeUtf8Address,
  encodeXtext,
} from "../../src/smtp/xtext.ts";
import { anyAddress } from "./addresses.ts";
import { anyText, changed, repeat } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const PIECES = [
  ...["..", ".", "/", "\\", ":", "con", "nul.txt", "com1", "lpt9.", "~", "%2e"],
  ...[
    "aux",
    ".lock",
    "x".repeat(99),
    "\0",
    "C:",
    "$",
    "petya",
    "PETYA",
    "-",
    " ",
  ],
  ...[
    "é",
    "e\u0301",
    "😀",
    "%",
    "conin$",
    "...",
    "+",
    "{",
    "\\x{41}",
    "=",
    "\\",
  ],
];

/** One try. */
export function names(seed: number): void {
  const chance = random(seed);
  const one = anyName(chance);
  const other = chance.chance(0.5)
    ? anyName(chance)
    : changed(chance, one, PIECES).toWellFormed();
  showing({ one, other }, () => {
    checkName(one);
    const alike = safeName(one).toLowerCase() === safeName(other).toLowerCase();
    assertEquals(alike, one === other, "not told apart");
    checkXtext(one);
  });
  checkFolder(chance);
}

function anyName(chance: Random): string {
  const text = chance.chance(0.3)
    ? anyText(chance, 10)
    : repeat(chance, 4, () => chance.pick(PIECES));
  return text.toWellFormed();
}

const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(?:\.|$)/i;

function checkName(text: string): void {
  const name = safeName(text);
  assert(/^[a-z0-9._+=%~A-F-]+$/.test(name), name);
  assert(name.length <= 100, "too long");
  assert(!/^[.-]|[. ]$/.test(name), name);
  assert(!name.endsWith(".lock") && !DEVICES.test(name), name);
  for (const inside of [join("/mail", name), joinOnWindows("c:\\mail", name)]) {
    assert(/^(?:\/mail\/|c:\\mail\\)[^/\\:]+$/.test(inside), inside);
  }
}

function checkFolder(chance: Random): void {
  const mailbox = anyAddress(chance);
  const path = join("/mail", ...folderNames(mailbox));
  assert(/^\/mail\/[^/]+\/[^/]+$/.test(path), path);
  assert(!path.startsWith("/mail/.smtpd"), path);
}

function checkXtext(text: string): void {
  const xtext = encodeXtext(text);
  assert(/^[!-~]*$/.test(xtext), xtext);
  assertEquals(decodeXtext(xtext), text);
  for (const form of ["xtext", "unitext"] as const) {
    const encoded = encodeUtf8Address(text, form);
    assert(!/[ \p{Cc}]/u.test(encoded), encoded);
    assertEquals(decodeUtf8Address(encoded), text);
  }
  // Whatever comes is read or not, and never half.
  for (const read of [decodeXtext(text), decodeUtf8Address(text)]) {
    assert(read === undefined || read.isWellFormed(), "half a character");
  }
}
