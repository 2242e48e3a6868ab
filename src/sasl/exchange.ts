/** An exchange of authentication as the client goes through it (RFC 4422 §3). */

/** Who we are at another server. */
export interface Credentials {
  /** The name of the account: any text but NUL, at least a character. */
  readonly user: string;
  /** Any text but NUL, at least a character. A function, lest it be printed along with the rest. */
  readonly password: () => string;
}

/** What a mechanism says to a challenge. */
export type SaslAnswer =
  /** Send this, in base64; `undefined` when there is nothing to say before the first challenge. */
  | { readonly response: string | undefined }
  /** The exchange has lost its way: cancel it. `cancel` says why, for people, without secrets. */
  | { readonly cancel: string };

/**
 * One exchange: takes the server's challenge in base64, at first `undefined` for the initial
 * response, and says what to answer.
 */
export type SaslClient = (challenge: string | undefined) => SaslAnswer;
