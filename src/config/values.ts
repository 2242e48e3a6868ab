/**
 * The kinds of value that a setting can have. A kind reads what a person typed and says in words
 * what it would have taken, so that every complaint about a value is made in one place (load.ts).
 */

import type { JsonObject } from "./json_value.ts";

/** How one value of a setting is written. */
export interface Kind<Value> {
  /** Stands for the value in the help text: `PORT`. */
  readonly placeholder: string;
  /** What is allowed, to be read after "is not": `a port (0 to 65535)`. */
  readonly allowed: string;
  /** The value that `text` says, or `undefined` when it isn't of this kind. */
  readonly read: (text: string) => Value | undefined;
  /** For what can be an object in the config file, too: the value that it says. */
  readonly readObject?: (object: JsonObject) => ObjectReading<Value>;
  /** Whether values are secret, and so are never shown. */
  readonly secret?: true;
  /** Whether the flag stands without a value, for `on`. */
  readonly bare?: true;
}

/** The value that an object says, or what is wrong with it. */
export type ObjectReading<Value> =
  | { readonly value: Value }
  | { readonly faults: readonly Fault[] };

/** What is wrong with one field of an object. */
export interface Fault {
  readonly key: string;
  /** To be read after the key: `missing`. */
  readonly problem: string;
}

/** A path in the file system, taken as it is. */
export function path(placeholder: "DIR" | "FILE"): Kind<string> {
  return {
    placeholder,
    allowed: "a path",
    read: (text) =>
      text.trim() !== "" && !text.includes("\0") ? text : undefined,
  };
}

/**
 * One of a few words.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { choice } from "./values.ts";
 *
 * assertEquals(choice("maildir", "mbox").allowed, "one of maildir, mbox");
 * ```
 */
export function choice<const Word extends string>(
  ...words: readonly Word[]
): Kind<Word> {
  return {
    placeholder: words.join("|"),
    allowed: `one of ${words.join(", ")}`,
    read: (text) => words.find((word) => word === text),
  };
}

/** `on` or `off`, as a boolean. */
export const onOff: Kind<boolean> = {
  placeholder: "on|off",
  allowed: "on or off",
  read: (text) => text === "on" ? true : text === "off" ? false : undefined,
};

/** A flag that stands without a value and turns something on; `on` or `off` in the config file. */
export const bare: Kind<boolean> = { ...onOff, placeholder: "", bare: true };

/** A whole number from `least` to `most`. */
export function integer(least: number, most: number): Kind<number> {
  return {
    placeholder: "N",
    allowed: `a whole number (${least} to ${most})`,
    read: (text) => within(least, most, digits(text)),
  };
}

/** A limit, which 0 lifts. */
export const limit: Kind<number> = {
  ...integer(0, 1_000_000),
  allowed: "a whole number (0 to 1000000; 0 is no limit)",
};

/** A TCP port to listen on; 0 lets the system pick one. */
export const port: Kind<number> = {
  placeholder: "PORT",
  allowed: "a port (0 to 65535)",
  read: (text) => within(0, 65_535, digits(text)),
};

/** A TCP port of another server. */
export const remotePort: Kind<number> = {
  placeholder: "PORT",
  allowed: "a port (1 to 65535)",
  read: (text) => within(1, 65_535, digits(text)),
};

/**
 * A number of octets, plain or in units of 1024: `4096`, `10K`, `25M`, `1G`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { size } from "./values.ts";
 *
 * assertEquals(size("1K", "1G").read("25M"), 26_214_400);
 * assertEquals(size("1K", "1G").read("2G"), undefined);
 * ```
 */
export function size(least: string, most: string): Kind<number> {
  const [from, to] = [octets(least), octets(most)];
  return {
    placeholder: "SIZE",
    allowed: `a size (${least} to ${most}, such as 10K or 25M)`,
    read: (text) => within(from, to, octets(text)),
  };
}

/**
 * A span of time with its unit, in milliseconds: `90s`, `5m`, `4h`, `5d`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { duration } from "./values.ts";
 *
 * assertEquals(duration("1s", "1d").read("5m"), 300_000);
 * assertEquals(duration("1s", "1d").read("5"), undefined);
 * ```
 */
export function duration(least: string, most: string): Kind<number> {
  const [from, to] = [milliseconds(least), milliseconds(most)];
  return {
    placeholder: "TIME",
    allowed: `a duration (${least} to ${most}, such as 90s, 5m, 4h or 5d)`,
    read: (text) => within(from, to, milliseconds(text)),
  };
}

/**
 * One or more values of a kind with commas between them. `words` says what they are together and
 * shows an example: `durations (such as 5m,1h)`.
 */
export function list<Value>(
  kind: Kind<Value>,
  words: string,
): Kind<readonly Value[]> {
  return {
    placeholder: "LIST",
    allowed: `a list of ${words}`,
    read(text) {
      const values = text.split(",").map((item) => kind.read(item.trim()));
      return values.every((value) => value !== undefined) ? values : undefined;
    },
  };
}

const OCTETS: Readonly<Record<string, number>> = {
  "": 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
};

const MILLISECONDS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function octets(text: string): number {
  const [, number = "", unit = ""] = /^(\d+)([KMG]?)$/i.exec(text) ?? [];
  return digits(number) * (OCTETS[unit.toUpperCase()] ?? NaN);
}

function milliseconds(text: string): number {
  const [, number = "", unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  return digits(number) * (MILLISECONDS[unit] ?? NaN);
}

/** The number that decimal digits write, or NaN: `Number` alone takes `1e3`, `0x10` and ` `. */
function digits(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}

function within(least: number, most: number, value: number) {
  return value >= least && value <= most ? value : undefined;
}
