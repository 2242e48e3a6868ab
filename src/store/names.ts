import { createHash } from "node:crypto";
import type { Mailbox } from "../smtp/address.ts";
import { canonicalMailbox } from "./canonical.ts";

/** The longest name made, in characters. With what mail readers add, it fits any file system. */
const LONGEST_NAME = 100;

/** Hexadecimal digits of SHA-256 that tell shortened names apart: 128 bits. */
const DIGEST_LENGTH = 32;

/** What stands in a name as it is. Upper case is not here, since not every disk tells it apart. */
const UNSAFE = /[^a-z0-9._+=-]/gu;

/** Names that mean a device on Windows, with any extension too. `conin$` cannot come up. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/;

/**
 * The names that lead from the store's root to a mailbox's mail: its domain's and its own. Two mailboxes share a folder only when they differ in nothing
 * but letter case, Unicode composition and the spelling of the domain.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { folderNames } from "./names.ts";
 *
 * assertEquals(folderNames({ local: "Petya", domain: "Test.RU" }), ["test.ru", "petya"]);
 * ```
 */
export function folderNames(
  mailbox: Mailbox,
): readonly [domain: string, user: string] {
  const { domain, local } = canonicalMailbox(mailbox);
  return [safeName(domain), safeName(local)];
}

/**
 * A file name for `text` that is one on every system, stays inside its folder, looks like no
 * other and differs for every other `text`. Lower-case ASCII letters, digits and `._+=-` stay; of
 * everything else each octet of its UTF-8 becomes `%XX`. So does
 *
 * - a dot or hyphen at the start (hidden, `..`, taken for an option) and a dot at the end (Windows
 *   drops it);
 * - the first letter of a Windows device's name (`%63on.txt`);
 * - the last letter of a name ending in `.lock`, which an mbox file's lock might be.
 *
 * Of a longer name than 100 characters the start is kept, then `~` and the first 128 bits of the
 * text's SHA-256. Empty text is `%`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { safeName } from "./names.ts";
 *
 * assertEquals(safeName("../etc"), "%2E.%2Fetc");
 * assertEquals(safeName("петя"), "%D0%BF%D0%B5%D1%82%D1%8F");
 * ```
 */
export function safeName(text: string): string {
  if (text === "") return "%";
  const name = text
    .replace(UNSAFE, percentEncoded)
    .replace(/^[.-]/, percentEncoded)
    .replace(/\.$/, percentEncoded)
    .replace(/(?<=\.loc)k$/, percentEncoded);
  const safe = DEVICE.test(name)
    ? percentEncoded(name.slice(0, 1)) + name.slice(1)
    : name;
  return safe.length <= LONGEST_NAME ? safe : shortened(safe, text);
}

function percentEncoded(character: string): string {
  return Array.from(
    new TextEncoder().encode(character),
    (octet) => "%" + octet.toString(16).toUpperCase().padStart(2, "0"),
  ).join("");
}

function shortened(name: string, text: string): string {
  const digest = createHash("sha256").update(text).digest("hex");
  const start = name
    .slice(0, LONGEST_NAME - 1 - DIGEST_LENGTH)
    .replace(/%.?$/, ""); // Half of an encoded octet.
  return `${start}~${digest.slice(0, DIGEST_LENGTH)}`;
}
