/**
 * An exchange of authentication as the server goes through it (RFC 4422 §3). Each step says what
 * the world has to do, and what to call with the outcome to get the next one. A step is a value: it
 * keeps nothing between calls, and nothing can be called out of turn.
 */

/** What a server has to do next. */
export type SaslServerStep =
  /** Send this, base64 or nothing, and hand on the response, in base64 as it came. */
  | {
    readonly kind: "challenge";
    readonly challenge: string;
    readonly respond: (response: string) => SaslServerStep;
  }
  /** Check whether this is the password of who has this name. Neither is empty. */
  | {
    readonly kind: "password";
    readonly name: string;
    readonly password: string;
    readonly checked: (right: boolean) => SaslServerStep;
  }
  /** Look up the keys of who has this name; for who has none, a decoy that nobody can prove. */
  | {
    readonly kind: "keys";
    readonly name: string;
    readonly found: (keys: ScramKeys) => SaslServerStep;
  }
  /** The end: the client has proved to be who has this name. */
  | { readonly kind: "done"; readonly name: string }
  /** The end: the client has proved nothing. */
  | { readonly kind: "refused"; readonly why: SaslRefusal };

/** Why a client is refused. */
export type SaslRefusal =
  /** What it sent is not base64, or not what the mechanism wants. */
  | "malformed"
  /** The password is wrong, or there is nobody of that name. */
  | "credentials"
  /** It wants to act for somebody else. */
  | "authorization";

/** What is stored of a password for SCRAM-SHA-256 (RFC 5802 §3). */
export interface ScramKeys {
  readonly salt: Uint8Array<ArrayBuffer>;
  /** How often the client has to hash its password: 4096 or more (RFC 7677 §4). */
  readonly iterations: number;
  /** What a client's proof is checked with: 32 octets. */
  readonly storedKey: Uint8Array<ArrayBuffer>;
  /** What the server proves itself with: 32 octets. */
  readonly serverKey: Uint8Array<ArrayBuffer>;
}
