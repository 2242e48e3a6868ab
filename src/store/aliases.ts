import type { Awaitable } from "../ports/awaitable.ts";
import {
  formatMailbox,
  isAddressLiteral,
  isDomain,
  type Mailbox,
  parseMailbox,
} from "../smtp/address.ts";
import { canonicalDomain, canonicalMailbox, mailboxKey } from "./canonical.ts";
import type { LineChange, Said } from "./lines.ts";
import { withoutTag } from "./tag.ts";
import { openTable, type TableOptions } from "./table.ts";
import {
  ADDRESS_EXTENT,
  COMMENT,
  leadingAddress,
  notAnAddress,
} from "./table_address.ts";

/** A line of the aliases file. */
export interface Alias {
  /** The canonical address, or `@domain` for what is left of a domain. */
  readonly address: string;
  /** Where its mail goes. Only the domains are canonical: some are not ours. */
  readonly targets: readonly Mailbox[];
}

/** Addresses whose mail goes to others. */
export interface Aliases {
  /** The aliases by address, as they were `maxAge` milliseconds ago or later. */
  entries(maxAge: number): Awaitable<ReadonlyMap<string, Alias>>;
  /** All aliases, in the file's order. */
  list(): Promise<readonly Alias[]>;
  /**
   * Adds targets to an alias, making it if there is none. Throws at a bad address and when the
   * alias would lead back to itself.
   */
  add(address: string, targets: readonly string[]): Promise<void>;
  /**
   * Removes targets from an alias, and it with the last of them; without `targets`, all. Throws
   * when there is no such alias or target.
   */
  remove(address: string, targets?: readonly string[]): Promise<void>;
}

const LINE = new RegExp(
  `^(?<address>${ADDRESS_EXTENT})[ \\t]*:[ \\t]*(?<targets>.*)$`,
  "s",
);
const TARGETS = new RegExp(
  `^(?<targets>${ADDRESS_EXTENT}(?:[ \\t]*,[ \\t]*${ADDRESS_EXTENT})*)${COMMENT}$`,
  "s",
);
const TARGET = new RegExp(ADDRESS_EXTENT, "gs");

/**
 * Opens the aliases file: a line for each, `sales@test.ru: petya@test.ru, "odd one"@other.test`.
 * `@test.ru: petya@test.ru` takes what is for nobody else at `test.ru`. An alias among its own
 * targets stands for the mailbox of that name: `petya@test.ru: petya@test.ru, ivan@test.ru` sends
 * ivan a copy. Throws when the file cannot be read or a line of it is malformed.
 */
export async function openAliases(options: TableOptions): Promise<Aliases> {
  const table = await openTable(options, readAlias);
  return {
    entries: table.entries,
    async list() {
      return [...(await table.entries(0)).values()];
    },
    async add(address, targets) {
      const key = requireKey(address);
      const more = targets.map(requireTarget);
      if (more.length === 0) {
        throw new Error(`Cannot add alias "${key}": it has no target`);
      }
      await table.edit((aliases) => {
        const before = aliases.get(key)?.targets ?? [];
        const alias = { address: key, targets: unique([...before, ...more]) };
        refuseLoop(alias, aliases);
        return aliasLine(alias);
      });
    },
    async remove(address, targets) {
      const key = requireKey(address);
      const gone = targets?.map((target) =>
        formatMailbox(requireTarget(target))
      );
      await table.edit((aliases) => {
        const alias = aliases.get(key);
        if (!alias) {
          throw new Error(`Cannot remove alias "${key}": there is none`);
        }
        return aliasLine({ ...alias, targets: withoutTargets(alias, gone) });
      });
    },
  };
}

function readAlias(line: string): Said<Alias> | string {
  const groups = LINE.exec(line)?.groups;
  if (!groups) return 'it is not of the form "address: target, target"';
  const key = aliasKey(groups.address!);
  if (key === undefined) return `"${groups.address}" is not an address`;
  const list = TARGETS.exec(groups.targets!)?.groups?.targets;
  if (list === undefined) {
    return "what follows the colon is not addresses with commas between";
  }
  const targets: Mailbox[] = [];
  for (const [text] of list.matchAll(TARGET)) {
    const target = readTarget(text);
    if (!target) return `"${text}" is not an address`;
    targets.push(target);
  }
  return { key, entry: { address: key, targets: unique(targets) } };
}

function aliasLine({ address, targets }: Alias): LineChange {
  if (targets.length === 0) return { key: address };
  const text = `${leadingAddress(address)}: ${
    targets.map(formatMailbox).join(", ")
  }`;
  return { key: address, text };
}

/** What an alias is looked up by; `undefined` when `text` is no address and not `@domain`. */
function aliasKey(text: string): string | undefined {
  if (text.startsWith("@")) {
    const domain = text.slice(1);
    const valid = isDomain(domain) || isAddressLiteral(domain);
    return valid ? `@${canonicalDomain(domain)}` : undefined;
  }
  const mailbox = parseMailbox(text);
  return mailbox && mailboxKey(mailbox);
}

function readTarget(text: string): Mailbox | undefined {
  const mailbox = parseMailbox(text);
  return mailbox && { ...mailbox, domain: canonicalDomain(mailbox.domain) };
}

function requireKey(address: string): string {
  const key = aliasKey(address);
  if (key === undefined) throw notAnAddress(address);
  return key;
}

function requireTarget(address: string): Mailbox {
  const target = readTarget(address);
  if (!target) throw notAnAddress(address);
  return target;
}

function unique(targets: readonly Mailbox[]): readonly Mailbox[] {
  return [
    ...new Map(targets.map((each) => [formatMailbox(each), each])).values(),
  ];
}

function withoutTargets(
  alias: Alias,
  gone: readonly string[] | undefined,
): readonly Mailbox[] {
  if (!gone) return [];
  const left = new Map(
    alias.targets.map((target) => [formatMailbox(target), target]),
  );
  for (const target of gone) {
    if (!left.delete(target)) {
      throw new Error(
        `Cannot remove "${target}" from alias "${alias.address}": it is not among its targets`,
      );
    }
  }
  return [...left.values()];
}

/** Throws when an alias, among the others, would lead back to itself, be it by way of a tag. */
function refuseLoop(alias: Alias, others: ReadonlyMap<string, Alias>): void {
  const seen = new Set<string>();
  if (alias.targets.every((each) => mailboxKey(each) === alias.address)) {
    throw new Error(`Cannot add alias "${alias.address}": it leads to itself`);
  }
  follow(alias);

  function follow(from: Alias): void {
    for (const target of from.targets) {
      const key = aliasNamed(target);
      if (key === from.address) continue; // The mailbox itself.
      if (key === alias.address) {
        throw new Error(
          `Cannot add alias "${alias.address}": it leads to itself by way of "${from.address}"`,
        );
      }
      const next = others.get(key);
      if (!next || seen.has(key)) continue;
      seen.add(key);
      follow(next);
    }
  }

  /** The address a target is an alias by, itself or without its tag, if it is one at all. */
  function aliasNamed(target: Mailbox): string {
    const key = mailboxKey(target);
    if (key === alias.address || others.has(key)) return key;
    return mailboxKey(withoutTag(canonicalMailbox(target)));
  }
}
