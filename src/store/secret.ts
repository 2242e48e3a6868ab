import { basename, dirname } from "node:path";
import type { Disk } from "../ports/disk.ts";
import { replaceFile } from "./atomic.ts";
import { makeDurableFolder } from "./durable_folder.ts";

/** Octets of a secret. */
const LENGTH = 32;

/** What a secret is opened with. */
export interface SecretOptions {
  /** The file. */
  readonly path: string;
  readonly disk: Disk;
  /** Makes octets that nobody can foresee. */
  readonly random: (length: number) => Uint8Array;
}

/**
 * Opens what only this server knows and keeps from one start to the next: 32 octets in a file of
 * its own, which is made when there is none. Throws when the file cannot be read or written, or
 * holds something else.
 */
export async function openSecret(
  { path, disk, random }: SecretOptions,
): Promise<Uint8Array> {
  const kept = await disk.read(path);
  if (kept) {
    if (kept.length === LENGTH) return kept;
    throw new Error(`Cannot use "${path}": it is not ${LENGTH} octets long`);
  }
  const secret = new Uint8Array(random(LENGTH));
  const folder = dirname(path);
  await makeDurableFolder(dirname(folder), [basename(folder)], disk);
  await replaceFile(path, secret, disk);
  return secret;
}
