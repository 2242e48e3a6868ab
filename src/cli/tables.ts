import { placesIn } from "../config/places.ts";
import type { Log, LogFields } from "../ports/log.ts";
import type { Oversight } from "../queue/oversight.ts";
import { openSqliteOversight } from "../queue/sqlite/oversight.ts";
import type { Aliases } from "../store/aliases.ts";
import { openAliases } from "../store/aliases.ts";
import type { Users } from "../store/users.ts";
import { openUsers } from "../store/users.ts";
import { clock } from "../system/clock.ts";
import { disk } from "../system/disk.ts";
import type { Terminal } from "./terminal.ts";

/** Opens the users of a mail folder. Throws when their file is damaged. */
export function usersIn(mailDir: string, terminal: Terminal): Promise<Users> {
  const path = placesIn(mailDir).users;
  return openUsers({ path, disk, clock, log: spokenLog(terminal) });
}

/** Opens the aliases of a mail folder. Throws when their file is damaged. */
export function aliasesIn(
  mailDir: string,
  terminal: Terminal,
): Promise<Aliases> {
  const path = placesIn(mailDir).aliases;
  return openAliases({ path, disk, clock, log: spokenLog(terminal) });
}

/** Opens the queue of a mail folder for who looks after it. Throws when there is none. */
export function queueIn(
  mailDir: string,
  terminal: Terminal,
): Promise<Oversight> {
  const folder = placesIn(mailDir).state;
  return openSqliteOversight({ folder, disk, log: spokenLog(terminal) });
}

/** A log for a subcommand, whose only reader sits at the terminal: warnings and errors are told. */
export function spokenLog(terminal: Terminal): Log {
  const tell = (event: string, fields: LogFields = {}) => {
    const details = Object.values(fields).map((value) => `: ${value}`);
    terminal.error(`smtpd: ${event}${details.join("")}`);
  };
  return { debug() {}, info() {}, warn: tell, error: tell };
}
