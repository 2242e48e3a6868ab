import type { Settings } from "../config/settings.ts";
import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log } from "../ports/log.ts";
import type { Resolver } from "../ports/resolver.ts";
import type { Alias } from "../store/aliases.ts";
import type { User } from "../store/users.ts";
import type { Findings } from "./check_finding.ts";

/** What is checked, and what it is looked at with. */
export interface Subject {
  readonly settings: Settings;
  /** Path of the config file, if there is one. */
  readonly config: string | undefined;
  /** Those who get mail; `undefined` when nobody can say. */
  readonly members: Members | undefined;
  /** Whether a server is using the mail folder. */
  readonly running: boolean;
  readonly resolver: Resolver;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly modes: Modes;
}

/** Those who get mail. */
export interface Members {
  /** By canonical address. */
  readonly users: ReadonlyMap<string, User>;
  readonly aliases: readonly Alias[];
}

/** Who may do what with files; `undefined` where the system has no such thing, or nobody can say. */
export interface Modes {
  /** Where a file really is, all links followed. */
  realPath(path: string): Promise<string | undefined>;
  /** The rights of a file or folder, as chmod has them. */
  modeOf(path: string): Promise<number | undefined>;
}

/** A look at one side of the subject. What it throws is a problem as well. */
export type Check = (subject: Subject) => Promise<Findings> | Findings;
