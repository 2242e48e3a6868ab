import { join } from "node:path";

/** Where the program keeps what it knows, inside the mail folder. */
export interface Places {
  /** The folder of all the others. */
  readonly state: string;
  /** Those who have a mailbox, a line each. */
  readonly users: string;
  /** Addresses whose mail goes to others, a line each. */
  readonly aliases: string;
  /** The folder of the dialogues, a file per day. */
  readonly transcripts: string;
}

/**
 * The places inside a mail folder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { join } from "node:path";
 * import { placesIn } from "./places.ts";
 *
 * assertEquals(placesIn("mail").users, join("mail", ".smtpd", "users"));
 * ```
 */
export function placesIn(mailDir: string): Places {
  const state = join(mailDir, ".smtpd");
  return {
    state,
    users: join(state, "users"),
    aliases: join(state, "aliases"),
    transcripts: join(state, "transcripts"),
  };
}
