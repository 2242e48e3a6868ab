import { formatMailbox, type Mailbox } from "../smtp/address.ts";
import type { Alias } from "./aliases.ts";
import { canonicalMailbox } from "./canonical.ts";
import { withoutTag } from "./tag.ts";

/** Where an address leads. */
export type Resolution =
  | {
    readonly kind: "mailboxes";
    /**
     * Where the mail ends up, no two alike: our own mailboxes in canonical spelling and, by way of
     * aliases, addresses elsewhere. At least one.
     */
    readonly mailboxes: readonly Mailbox[];
    /** Targets of aliases at our domains that lead nowhere: worth a warning. */
    readonly lost: readonly Mailbox[];
  }
  /** Nobody has this address. */
  | { readonly kind: "unknown" }
  /** An alias leads back to itself. */
  | { readonly kind: "loop"; readonly why: string }
  /** Aliases lead to too many, or by way of too many. */
  | { readonly kind: "too many"; readonly why: string };

/**
 * Whose mail is kept: of users and aliases only (`known`), of any name at our domains (`domain`),
 * or of any address anywhere (`all`).
 */
export type Accept = "known" | "domain" | "all";

/** All it takes to find where an address leads. */
export interface Tables {
  readonly accept: Accept;
  readonly isOurs: (domain: string) => boolean;
  /** Users by canonical address. */
  readonly users: Pick<ReadonlyMap<string, unknown>, "has">;
  /** Aliases by canonical address or `@domain`. */
  readonly aliases: ReadonlyMap<string, Alias>;
}

/** The most aliases on the way from an address to a mailbox. */
const DEEPEST = 10;

/** The most mailboxes an address leads to. */
const MOST = 1_000;

/** Where one step leads: to a mailbox, on by way of an alias, or nowhere. */
type Step =
  | { readonly kind: "mailbox"; readonly mailbox: Mailbox }
  | { readonly kind: "alias"; readonly alias: Alias }
  | { readonly kind: "nowhere" };

/**
 * Finds where the address of a mailbox at one of our domains leads. What comes first holds: an
 * alias, a user, for `user+tag` the alias or the user `user`, postmaster (RFC 5321 §4.5.1), the
 * domain's `@domain` alias, the address itself without its tag where any is accepted. Targets of
 * aliases are followed likewise as long as they are ours.
 */
export function resolveMailbox(mailbox: Mailbox, tables: Tables): Resolution {
  const found = new Map<string, Mailbox>();
  const lost: Mailbox[] = [];
  const done = new Set<Alias>();
  const fault = follow(mailbox, []);
  if (fault) return fault;
  if (found.size === 0) return { kind: "unknown" };
  return { kind: "mailboxes", mailboxes: [...found.values()], lost };

  function follow(to: Mailbox, way: readonly Alias[]): Resolution | undefined {
    const step = nextStep(to, way.at(-1), tables);
    switch (step.kind) {
      case "nowhere":
        lost.push(to);
        return undefined;
      case "mailbox":
        found.set(formatMailbox(step.mailbox), step.mailbox);
        return found.size > MOST ? tooMany(`${MOST} mailboxes`) : undefined;
      case "alias":
        return expand(step.alias, way);
      default:
        return step satisfies never;
    }
  }

  function expand(
    alias: Alias,
    way: readonly Alias[],
  ): Resolution | undefined {
    if (way.includes(alias)) return loop(alias);
    if (done.has(alias)) return undefined;
    if (way.length === DEEPEST) return tooMany(`${DEEPEST} aliases in a row`);
    for (const target of alias.targets) {
      const fault = follow(target, [...way, alias]);
      if (fault) return fault;
    }
    done.add(alias);
    return undefined;
  }
}

/**
 * One step from a mailbox. The alias that led to it (`from`) does not count: among its own targets
 * it stands for the mailbox of its name.
 */
function nextStep(
  to: Mailbox,
  from: Alias | undefined,
  { accept, isOurs, users, aliases }: Tables,
): Step {
  if (!isOurs(to.domain)) return { kind: "mailbox", mailbox: to };
  const whole = canonicalMailbox(to);
  const base = withoutTag(whole);
  for (const mailbox of whole === base ? [base] : [whole, base]) {
    const key = formatMailbox(mailbox);
    const alias = aliases.get(key);
    if (alias && alias !== from) return { kind: "alias", alias };
    if (users.has(key)) return { kind: "mailbox", mailbox };
  }
  if (base.local === "postmaster") return { kind: "mailbox", mailbox: base };
  const rest = aliases.get(`@${base.domain}`);
  if (rest && rest !== from) return { kind: "alias", alias: rest };
  return accept === "known"
    ? { kind: "nowhere" }
    : { kind: "mailbox", mailbox: base };
}

function loop({ address }: Alias): Resolution {
  return { kind: "loop", why: `the alias ${address} leads to itself` };
}

function tooMany(what: string): Resolution {
  return { kind: "too many", why: `aliases lead to more than ${what}` };
}
