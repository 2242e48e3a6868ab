/**
 * Where addresses lead, by way of aliases in any tangle: an answer always comes, after no more steps
 * than the aliases have targets, and names no mailbox twice and none that nothing leads to.
 */
import { assert, assertEquals } from "@std/assert";
import type { Mailbox } from "../../src/smtp/address.ts";
import { formatMailbox } from "../../src/smtp/address.ts";
import type { Alias } from "../../src/store/aliases.ts";
import { canonicalMailbox, mailboxKey } from "../../src/store/canonical.ts";
import { resolveMailbox } from "../../src/store/resolution.ts";
import { several } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const NAMES = [..."abcdefgh", "a+x", "b+y+z", "+c", "postmaster", "D"];
const DOMAINS = ["test.ru", "TEST.ru", "other.test", "elsewhere.test"];

/** Where mailboxes may be at most. */
const MOST = 1_000;

/** One try. */
export function directory(seed: number): void {
  const chance = random(seed);
  const aliases = anyAliases(chance);
  const users = new Set(several(chance, 5, () => mailboxKey(any(chance))));
  const accept = chance.pick(["known", "domain", "all"] as const);
  const asked = { ...any(chance), domain: "test.ru" };
  showing({ asked, accept, users: [...users], aliases: [...aliases] }, () => {
    let looks = 0;
    const counted: Pick<typeof aliases, "get"> = {
      get: (key) => (looks++, aliases.get(key)),
    };
    const isOurs = (domain: string) =>
      accept === "all" ||
      ["test.ru", "other.test"].includes(domain.toLowerCase());
    const resolution = resolveMailbox(asked, {
      accept,
      isOurs,
      users,
      aliases: counted as typeof aliases,
    });
    const targets = [...aliases.values()].flatMap((alias) => alias.targets);
    assert(looks <= 3 * (targets.length + 1), `${looks} looks`);
    if (resolution.kind !== "mailboxes") return;
    const found = resolution.mailboxes.map(formatMailbox);
    assertEquals(new Set(found).size, found.length, "one twice");
    assert(found.length > 0 && found.length <= MOST);
    const reachable = new Set(
      [asked, ...targets].flatMap((each) => [
        formatMailbox(each),
        ...spellings(each),
      ]),
    );
    for (const each of found) assert(reachable.has(each), `${each}?`);
  });
}

/** A mailbox of ours, with its tag and without. */
function spellings(mailbox: Mailbox): readonly string[] {
  const whole = canonicalMailbox(mailbox);
  const [base = ""] = whole.local.split(/(?<=.)\+/);
  return [formatMailbox(whole), formatMailbox({ ...whole, local: base })];
}

function any(chance: Random): Mailbox {
  return { local: chance.pick(NAMES), domain: chance.pick(DOMAINS) };
}

function anyAliases(chance: Random): ReadonlyMap<string, Alias> {
  const wide = chance.chance(0.01) ? MOST + 100 : 0;
  const all = several(chance, 20, (): Alias => {
    const address = chance.chance(0.1)
      ? `@${chance.pick(DOMAINS).toLowerCase()}`
      : mailboxKey(any(chance));
    const many = Array.from({ length: chance.pick([0, 0, wide]) }, (_, at) => ({
      local: `x${at}`,
      domain: "elsewhere.test",
    }));
    return {
      address,
      targets: [...several(chance, 4, () => any(chance)), ...many, any(chance)],
    };
  });
  return new Map(all.map((alias) => [alias.address, alias]));
}
