import { decodeBase64, encodeBase64, encodeText } from "./base64.ts";
import {
  type ClientFinal,
  type ClientFirst,
  readClientFinal,
  readClientFirst,
} from "./scram_messages.ts";
import type { SaslServerStep, ScramKeys } from "./server_exchange.ts";
import { challenge, MALFORMED, mayActFor, refused } from "./server_steps.ts";

/** What the mechanism cannot do by itself. */
export interface ScramMeans {
  /** A new nonce: printable ASCII without a comma, at least 18 characters nobody can foresee. */
  readonly nonce: () => string;
  /** The SHA-256 of octets. */
  readonly sha256: (octets: Uint8Array) => Uint8Array<ArrayBuffer>;
  /** The HMAC-SHA-256 of octets (RFC 2104). */
  readonly hmac: (
    key: Uint8Array,
    octets: Uint8Array,
  ) => Uint8Array<ArrayBuffer>;
}

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677): the client proves that it knows the password, and the server
 * that it knows what is stored of it, and neither says what the other could use elsewhere.
 */
export function scramServer(
  initial: string | undefined,
  means: ScramMeans,
): SaslServerStep {
  const begin = (message: string) => askKeys(message, means);
  return initial === undefined ? challenge("", begin) : begin(initial);
}

function askKeys(message: string, means: ScramMeans): SaslServerStep {
  const first = readClientFirst(message);
  if (!first) return MALFORMED;
  const { identity, name } = first;
  if (!mayActFor(identity, name)) return refused("authorization");
  return {
    kind: "keys",
    name,
    found: (keys) => askProof(first, keys, means),
  };
}

function askProof(
  first: ClientFirst,
  keys: ScramKeys,
  means: ScramMeans,
): SaslServerStep {
  const nonce = first.nonce + means.nonce();
  const serverFirst = `r=${nonce},s=${
    encodeBase64(keys.salt)
  },i=${keys.iterations}`;

  return challenge(serverFirst, (message) => {
    const final = readClientFinal(message);
    // The binding is the header again (§7): a header forged on the way does not pass.
    const faithful = final?.nonce === nonce &&
      final.binding === encodeText(first.header);
    if (!faithful) return MALFORMED;
    const said = octetsOf(`${first.bare},${serverFirst},${final.bare}`);
    return judge(first.name, final, said, keys, means);
  });
}

/** Checks the proof by RFC 5802 §3; `said` is what both sides have said, and what both prove. */
function judge(
  name: string,
  final: ClientFinal,
  said: Uint8Array,
  { storedKey, serverKey }: ScramKeys,
  { sha256, hmac }: ScramMeans,
): SaslServerStep {
  const proof = decodeBase64(final.proof);
  if (proof?.length !== storedKey.length) return MALFORMED;
  const signature = hmac(storedKey, said);
  const clientKey = proof.map((octet, index) => octet ^ signature[index]!);
  if (!isSame(sha256(clientKey), storedKey)) return refused("credentials");

  // SMTP has no room for data beside a success (RFC 4954 §4), so the server's proof goes ahead.
  const verifier = `v=${encodeBase64(hmac(serverKey, said))}`;
  return challenge(
    verifier,
    (response) => response === "" ? { kind: "done", name } : MALFORMED,
  );
}

/** Compares octets, and takes as long wherever they differ. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  const difference = one.reduce(
    (bits, octet, index) => bits | (octet ^ other[index]!),
    one.length ^ other.length,
  );
  return difference === 0;
}

function octetsOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
