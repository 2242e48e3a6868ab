/** Who gets the mail. */
import { DOMAIN } from "./peer.ts";

/** The most recipients of a message; each has a mailbox. */
export const MOST_RECIPIENTS = 50;

/** A recipient whose mail is sent on. */
export const REMOTE_RECIPIENT = "vasya@another.test";

/** So many recipients whose mail is kept. */
export function recipients(count: number): readonly string[] {
  return count === 1
    ? [`petya@${DOMAIN}`]
    : Array.from({ length: count }, (_, n) => `petya${n}@${DOMAIN}`);
}
