import { scrypt, timingSafeEqual } from "node:crypto";
import { decodeBase64, encodeBase64 } from "../sasl/base64.ts";

/** What one guess at a password costs (RFC 7914 §2). */
export interface ScryptCost {
  /** N: a power of two. */
  readonly cost: number;
  /** r. A guess takes 128·N·r octets of memory. */
  readonly blockSize: number;
  /** p. */
  readonly parallelization: number;
}

/** What new passwords are stored with: 32 MiB and about a quarter of a second, as OWASP advises. */
export const USUAL_COST: ScryptCost = {
  cost: 2 ** 15,
  blockSize: 8,
  parallelization: 3,
};

/** The most memory a credential may ask for, in octets: a damaged file must not stop the server. */
const MOST_MEMORY = 256 * 1024 * 1024;
const MOST_PARALLELIZATION = 16;

const HASH_LENGTH = 32;

const CREDENTIAL =
  /^scrypt\$(?<n>\d{1,8})\$(?<r>\d{1,3})\$(?<p>\d{1,3})\$(?<salt>[A-Za-z0-9+/]+={0,2})\$(?<hash>[A-Za-z0-9+/]{43}=)$/;

interface Credential {
  readonly cost: ScryptCost;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/**
 * Makes the credential that a password is stored as, `scrypt$N$r$p$salt$hash` with salt and hash
 * in base64. The work is done off the main thread.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { hashPassword, isPassword } from "./password.ts";
 *
 * const cost = { cost: 1024, blockSize: 8, parallelization: 1 };
 * const credential = await hashPassword("12345", new Uint8Array(16), cost);
 * assert(await isPassword("12345", credential));
 * assert(!await isPassword("123456", credential));
 * ```
 */
export async function hashPassword(
  password: string,
  salt: Uint8Array,
  cost: ScryptCost = USUAL_COST,
): Promise<string> {
  return written({ cost, salt, hash: await derive(password, salt, cost) });
}

/** A credential that takes as long to check as others of this cost and that nobody has. */
export function decoyCredential(cost: ScryptCost): string {
  return written({
    cost,
    salt: new Uint8Array(16),
    hash: new Uint8Array(HASH_LENGTH),
  });
}

function written({ cost, salt, hash }: Credential): string {
  return [
    "scrypt",
    cost.cost,
    cost.blockSize,
    cost.parallelization,
    encodeBase64(salt),
    encodeBase64(hash),
  ].join("$");
}

/** Whether `credential` was made of `password`. Throws when it is not a scrypt credential. */
export async function isPassword(
  password: string,
  credential: string,
): Promise<boolean> {
  const read = readCredential(credential);
  if (!read) throw new TypeError("Cannot check password: not scrypt");
  const hash = await derive(password, read.salt, read.cost);
  return timingSafeEqual(hash, read.hash);
}

/** Whether a credential is one of scrypt that can be checked. */
export function isScrypt(credential: string): boolean {
  return readCredential(credential) !== undefined;
}

function readCredential(credential: string): Credential | undefined {
  const groups = CREDENTIAL.exec(credential)?.groups;
  if (!groups) return undefined;
  const cost: ScryptCost = {
    cost: Number(groups.n),
    blockSize: Number(groups.r),
    parallelization: Number(groups.p),
  };
  const salt = decodeBase64(groups.salt!);
  const hash = decodeBase64(groups.hash!);
  return isBearable(cost) && salt && hash ? { cost, salt, hash } : undefined;
}

function isBearable({ cost, blockSize, parallelization }: ScryptCost): boolean {
  return cost > 1 && Number.isInteger(Math.log2(cost)) && blockSize > 0 &&
    128 * cost * blockSize <= MOST_MEMORY &&
    parallelization > 0 && parallelization <= MOST_PARALLELIZATION;
}

function derive(
  password: string,
  salt: Uint8Array,
  { cost, blockSize, parallelization }: ScryptCost,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    scrypt(
      password.normalize("NFC"), // RFC 8265 §4.2.1
      salt,
      HASH_LENGTH,
      {
        cost,
        blockSize,
        parallelization,
        maxmem: 2 * MOST_MEMORY,
      },
      (cause, hash) => {
        if (cause) reject(cause);
        else resolve(hash as Uint8Array);
      },
    );
  });
}
