import { pbkdf2 } from "node:crypto";
import { decodeBase64, encodeBase64 } from "../sasl/base64.ts";
import type { ScramKeys } from "../sasl/server_exchange.ts";
import { saslprep } from "./saslprep.ts";
import { scramMeans } from "./scram_means.ts";

/**
 * How often a password is hashed. Whoever steals the users file guesses at the cheaper of its two
 * hashes, which is this one, and so it ought to be many times; but it is the client that pays, each
 * time it connects, and clients of Cyrus SASL turn away from more than 65,536. That is 16 times
 * what RFC 7677 §4 asks for, and a tenth of a second in Perl.
 */
const ITERATIONS = 65_536;

/** The fewest that RFC 7677 §4 allows. */
const FEWEST_ITERATIONS = 4096;

/** Octets of each key, those of SHA-256. */
const KEY_LENGTH = 32;

const SALT_LENGTH = 16;

const CREDENTIAL =
  /^scram-sha-256\$(?<iterations>\d{4,7})\$(?<salt>[^$]+)\$(?<storedKey>[^$]+)\$(?<serverKey>[^$]+)$/;

/**
 * Makes the credential that a password is stored as for SCRAM-SHA-256,
 * `scram-sha-256$iterations$salt$storedKey$serverKey` with the last three in base64. The work is
 * done off the main thread.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hashForScram, readScramCredential } from "./scram_credential.ts";
 *
 * const salt = new Uint8Array(16);
 * const credential = await hashForScram("12345", salt);
 * assertEquals(readScramCredential(credential)?.salt, salt);
 * ```
 */
export async function hashForScram(
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number = ITERATIONS,
): Promise<string> {
  const { sha256, hmac } = scramMeans;
  // RFC 5802 §3
  const salted = await derive(saslprep(password), salt, iterations);
  const storedKey = sha256(hmac(salted, octetsOf("Client Key")));
  const serverKey = hmac(salted, octetsOf("Server Key"));
  const octets = [salt, storedKey, serverKey].map(encodeBase64);
  return ["scram-sha-256", iterations, ...octets].join("$");
}

/** The keys in a credential; `undefined` when it is none of SCRAM-SHA-256 that can be used. */
export function readScramCredential(credential: string): ScramKeys | undefined {
  const groups = CREDENTIAL.exec(credential)?.groups;
  if (!groups) return undefined;
  const iterations = Number(groups.iterations);
  const salt = decodeBase64(groups.salt!);
  const storedKey = decodeBase64(groups.storedKey!);
  const serverKey = decodeBase64(groups.serverKey!);
  const usable = iterations >= FEWEST_ITERATIONS &&
    storedKey?.length === KEY_LENGTH && serverKey?.length === KEY_LENGTH;
  return salt && usable
    ? { salt, iterations, storedKey, serverKey }
    : undefined;
}

/**
 * Keys for a name that has none. They look like those of a user, the same each time, and nobody can
 * prove to have them: to tell them from true ones takes the secret.
 */
export function decoyKeys(name: string, secret: Uint8Array): ScramKeys {
  const made = (part: string) =>
    scramMeans.hmac(secret, octetsOf(`${part} of ${name}`));
  return {
    salt: made("salt").slice(0, SALT_LENGTH),
    iterations: ITERATIONS,
    storedKey: made("stored key"),
    serverKey: made("server key"),
  };
}

function derive(
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    pbkdf2(password, salt, iterations, KEY_LENGTH, "sha256", (cause, key) => {
      if (cause) reject(cause);
      else resolve(key);
    });
  });
}

function octetsOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
