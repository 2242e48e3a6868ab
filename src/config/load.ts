import type { ConfigFile, GivenValue } from "./config_file.ts";
import { readConfig } from "./config_file.ts";
import type { Flags } from "./flags.ts";
import type { Chosen, SettingName, Settings } from "./settings.ts";
import { complete, conflicts, SETTING_NAMES } from "./settings.ts";
import { type Setting, SETTINGS } from "./table.ts";
import type { Kind } from "./values.ts";

/** Settings, or all that is wrong with them, a line for each fault. */
export type Loaded<Value> =
  | { readonly ok: true; readonly settings: Value }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * The settings a server runs with: a flag's value, else the config file's, else the default.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readFlags, SERVER_FLAGS } from "./flags.ts";
 * import { loadSettings } from "./load.ts";
 *
 * const flags = readFlags(["--domain", "test.ru", "--port=x"], SERVER_FLAGS);
 * assertEquals(loadSettings(flags), {
 *   ok: false,
 *   problems: ['--port: "x" is not a port (0 to 65535)'],
 * });
 * ```
 */
export function loadSettings(
  flags: Flags,
  file?: ConfigFile,
): Loaded<Settings> {
  const loaded = loadSome(SETTING_NAMES, flags, file);
  if (!loaded.ok) return loaded;
  const problems = conflicts(loaded.settings);
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, settings: complete(loaded.settings) };
}

/** A few of the settings, for a subcommand that needs no more; found as `loadSettings` does. */
export function loadSome<Name extends SettingName>(
  names: readonly Name[],
  flags: Flags,
  file?: ConfigFile,
): Loaded<Pick<Chosen, Name>> {
  const config = file && readConfig(file);
  const problems = [...flags.problems, ...config?.problems ?? []];
  const settings: Record<string, unknown> = {};
  for (const name of names) {
    const row: Setting = SETTINGS[name];
    const typed = flags.given.has(row.flag)
      ? typedValues(row, flags)
      : undefined;
    const written = config?.given.get(row.flag);
    const source = typed || !file
      ? `--${row.flag}`
      : `${file.path}: ${row.flag}`;
    const { value, faults } = choose(row, typed ?? written ?? []);
    settings[name] = value;
    problems.push(...faults.map((fault) => `${source}${fault}`));
  }
  return problems.length > 0
    ? { ok: false, problems }
    // Each value was read by the kind in its row, which is what Chosen is made of.
    : { ok: true, settings: settings as Pick<Chosen, Name> };
}

/** What was typed for a setting that was given. */
function typedValues(row: Setting, { given }: Flags): readonly GivenValue[] {
  const texts = row.kind.bare ? ["on"] : given.get(row.flag) ?? [];
  return texts.map((text) => ({ text, shown: JSON.stringify(text) }));
}

/** A setting's value from what was given for it, or from its default. */
function choose(
  row: Setting,
  given: readonly GivenValue[],
): { readonly value: unknown; readonly faults: readonly string[] } {
  const readings = given.map((each) => readGiven(each, row.kind));
  const values = readings.map(({ value }) => value);
  const faults = readings.flatMap(({ faults }) => faults);
  if (row.repeatable) return { value: values, faults };
  const absent = row.default && row.kind.read(row.default);
  return { value: values.length > 0 ? values[0] : absent, faults };
}

/** One value; faults are to be read after the name of the setting. */
function readGiven(
  { text, shown, object }: GivenValue,
  kind: Kind<unknown>,
): { readonly value?: unknown; readonly faults: readonly string[] } {
  if (object && kind.readObject) {
    const reading = kind.readObject(object.fields);
    return "value" in reading ? { ...reading, faults: [] } : {
      faults: reading.faults.map(({ key, problem }) =>
        `${object.place}.${key}: ${problem}`
      ),
    };
  }
  const value = text === undefined ? undefined : kind.read(text);
  if (value !== undefined) return { value, faults: [] };
  const fault = text === ""
    ? `: no value given, needs ${kind.allowed}`
    : `: ${shown} is not ${kind.allowed}`;
  return { faults: [fault] };
}
