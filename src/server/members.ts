/** Who gets mail here. */
import { placesIn } from "../config/places.ts";
import type { Settings } from "../config/settings.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import { openAliases } from "../store/aliases.ts";
import { type Directory, openDirectory } from "../store/directory.ts";
import { openUsers, type Users } from "../store/users.ts";

/** The users, and everybody who gets mail. */
export interface Members {
  readonly users: Users;
  readonly directory: Directory;
}

/** What the members' files are read with. */
export interface MembersOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Told when a file is damaged. */
  readonly log: Log;
}

/**
 * Opens the files of users and aliases.
 *
 * @throws {Error} With a message for people when one can't be read.
 */
export async function openMembers(
  { mailDir, domains, accept }: Pick<
    Settings,
    "mailDir" | "domains" | "accept"
  >,
  options: MembersOptions,
): Promise<Members> {
  const places = placesIn(mailDir);
  const users = await openUsers({ ...options, path: places.users });
  const aliases = await openAliases({ ...options, path: places.aliases });
  return {
    users,
    directory: openDirectory({ domains, accept, users, aliases }),
  };
}
