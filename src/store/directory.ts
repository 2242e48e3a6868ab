import { andThen, type Awaitable } from "../ports/awaitable.ts";
import type { Mailbox } from "../smtp/address.ts";
import type { Aliases } from "./aliases.ts";
import { canonicalDomain } from "./canonical.ts";
import { type Accept, type Resolution, resolveMailbox } from "./resolution.ts";
import type { Users } from "./users.ts";

/** Who gets mail. */
export interface Directory {
  /**
   * Finds where an address leads. Of a domain that is not ours it is `unknown`; without a domain
   * (`<Postmaster>`) it is taken to be at our first. Users and aliases that have just come are
   * known at once; one that has just gone may be known for a second longer.
   */
  resolve(mailbox: Mailbox): Awaitable<Resolution>;
  /** Whether mail for a domain, in any spelling, is kept here. */
  isOurs(domain: string): boolean;
}

/** What a directory is made of. */
export interface DirectoryOptions {
  /** Our domains, at least one. */
  readonly domains: readonly string[];
  readonly accept: Accept;
  readonly users: Pick<Users, "entries">;
  readonly aliases: Pick<Aliases, "entries">;
}

/** For how long a good answer may be given again without a look at the files, in milliseconds. */
const FRESH = 1_000;

/** Opens the directory of those who get mail here. */
export function openDirectory(
  { domains, accept, users, aliases }: DirectoryOptions,
): Directory {
  const ours = new Set(domains.map(canonicalDomain));
  const first = domains[0] ?? "";

  function isOurs(domain: string): boolean {
    return accept === "all" || ours.has(canonicalDomain(domain));
  }

  function resolveWithin(
    maxAge: number,
    mailbox: Mailbox,
  ): Awaitable<Resolution> {
    return andThen(users.entries(maxAge), (users) =>
      andThen(
        aliases.entries(maxAge),
        (aliases) =>
          resolveMailbox(mailbox, { accept, isOurs, users, aliases }),
      ));
  }

  return {
    isOurs,
    resolve(mailbox) {
      const domain = mailbox.domain || first;
      if (!isOurs(domain)) return { kind: "unknown" };
      const whole = { ...mailbox, domain };
      return andThen(
        resolveWithin(FRESH, whole),
        (known) => known.kind === "mailboxes" ? known : resolveWithin(0, whole),
      );
    },
  };
}
