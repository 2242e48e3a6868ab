import { formatMailbox, type Mailbox } from "../smtp/address.ts";
import type { Directory } from "./recipients.ts";

/**
 * Decides whether who logged in may send as `from` (RFC 6409 §6.1): with their own address, with a
 * tag or without, and with every address whose mail comes to them, though it come to others too.
 *
 * `login` is in canonical spelling, which `canonical` gives an address of ours. Throws when the
 * directory does.
 */
export async function mayUse(
  login: Mailbox,
  from: Mailbox,
  { directory, canonical }: {
    readonly directory: Pick<Directory, "resolve">;
    readonly canonical: (mailbox: Mailbox) => Mailbox;
  },
): Promise<boolean> {
  const used = canonical(from);
  if (isSame(used, login)) return true;
  const resolution = await directory.resolve(from);
  const leadsTo = (mailbox: Mailbox) =>
    resolution.kind === "mailboxes" &&
    resolution.mailboxes.some((one) => isSame(one, mailbox));
  // Where the mail of a tagged address goes does not matter, unless somebody else is called so.
  return leadsTo(login) || (isTagged(used, login) && !leadsTo(used));
}

function isSame(one: Mailbox, other: Mailbox): boolean {
  return formatMailbox(one) === formatMailbox(other);
}

/** Whether an address is that of the login with a `+tag`. */
function isTagged({ local, domain }: Mailbox, login: Mailbox): boolean {
  return domain === login.domain && local.startsWith(`${login.local}+`);
}
