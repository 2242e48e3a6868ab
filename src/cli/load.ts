import type { ConfigFile } from "../config/config_file.ts";
import type { Flag, Flags } from "../config/flags.ts";
import { readFlags, SERVER_FLAGS, settingFlags } from "../config/flags.ts";
import type { Loaded } from "../config/load.ts";
import { loadSettings, loadSome } from "../config/load.ts";
import type { Chosen, SettingName, Settings } from "../config/settings.ts";
import { WrongUse } from "./terminal.ts";

/** What a server was asked to be. */
export interface ServerSettings {
  readonly settings: Settings;
  /** Path of the config file, if there is one. */
  readonly config: string | undefined;
}

/** The settings of a server from its command line and the file that this names. Throws `WrongUse`. */
export async function serverSettings(
  args: readonly string[],
): Promise<ServerSettings> {
  const flags = readFlags(args, SERVER_FLAGS);
  const config = await configFile(flags);
  return { settings: valid(loadSettings(flags, config)), config: config?.path };
}

/** What a subcommand other than the server understands. */
export interface Arguments<Name extends SettingName> {
  /** The settings it needs. */
  readonly settings: readonly Name[];
  /** Its own flags beside them. */
  readonly flags?: readonly Flag[];
  /** How many operands it takes at most. */
  readonly operands: number;
}

/** A subcommand's settings, flags and operands from its command line. Throws `WrongUse`. */
export async function readArguments<Name extends SettingName>(
  args: readonly string[],
  { settings, flags: own = [], operands }: Arguments<Name>,
): Promise<{ readonly settings: Pick<Chosen, Name>; readonly flags: Flags }> {
  const flags = readFlags(args, [...own, ...settingFlags(settings)], operands);
  const config = await configFile(flags);
  return { settings: valid(loadSome(settings, flags, config)), flags };
}

async function configFile(flags: Flags): Promise<ConfigFile | undefined> {
  const path = flags.given.get("config")?.[0];
  if (path === undefined) return undefined;
  try {
    return { path, text: await Deno.readTextFile(path) };
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new WrongUse([`--config: no file ${JSON.stringify(path)}`]);
  }
}

function valid<Value>(loaded: Loaded<Value>): Value {
  if (!loaded.ok) throw new WrongUse(loaded.problems);
  return loaded.settings;
}
