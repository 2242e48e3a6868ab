import { join } from "node:path";

/** Where the program keeps what it knows, inside the mail folder. */
export interface Places {
  /** The folder of all the others. */
  readonly state: string;
  /** Those who have a mailbox, a line each. */
  readonly users: string;
  /** Addresses whose mail goes to others, a line each. */
  readonly aliases: string;
  /** What decoys for unknown names are made of. */
  readonly secret: string;
  /** Who has passed the greylist, a line each. */
  readonly greylist: string;
  /** The folder of the dialogues, a file per day. */
  readonly transcripts: string;
  /** A certificate made for tests, in PEM. */
  readonly certificate: string;
  /** The key to it, in PEM. */
  readonly certificateKey: string;
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
    secret: join(state, "secret"),
    greylist: join(state, "greylist"),
    transcripts: join(state, "transcripts"),
    certificate: join(state, "tls", "cert.pem"),
    certificateKey: join(state, "tls", "key.pem"),
  };
}
