import { type JsonObject, shown } from "./json_value.ts";
import { nearest } from "./nearest.ts";
import type { Fault, Kind } from "./values.ts";

/** What each key of an object may hold. */
export type FieldKinds = Readonly<Record<string, Kind<unknown>>>;

/** The values that were found; those of keys that are missing or wrong aren't there. */
export type Fields<Kinds extends FieldKinds> = {
  readonly [Key in keyof Kinds]?: Kinds[Key] extends Kind<infer Value> ? Value
    : never;
};

/**
 * Reads the fields of an object in the config file, with a fault for every key that is unknown and
 * every value that is wrong.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readFields } from "./fields.ts";
 * import { remotePort } from "./values.ts";
 *
 * assertEquals(readFields({ port: 0, prot: 25 }, { port: remotePort }), {
 *   fields: {},
 *   faults: [
 *     { key: "port", problem: "0 is not a port (1 to 65535)" },
 *     { key: "prot", problem: "unknown; did you mean port?" },
 *   ],
 * });
 * ```
 */
export function readFields<const Kinds extends FieldKinds>(
  object: JsonObject,
  kinds: Kinds,
): { readonly fields: Fields<Kinds>; readonly faults: readonly Fault[] } {
  const fields: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const [key, given] of Object.entries(object)) {
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
    const value = kind && readField(given, kind);
    if (value !== undefined) fields[key] = value;
    else faults.push({ key, problem: complaint(key, given, kinds) });
  }
  // Each value was read by the kind of its key.
  return { fields: fields as Fields<Kinds>, faults };
}

function readField(given: unknown, kind: Kind<unknown>): unknown {
  const isText = typeof given === "string";
  // A number as a password might not be written back as it was.
  const isNumber = typeof given === "number" && !kind.secret;
  return isText || isNumber ? kind.read(String(given)) : undefined;
}

function complaint(key: string, given: unknown, kinds: FieldKinds): string {
  const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
  if (kind === undefined) {
    const meant = nearest(key, Object.keys(kinds));
    return meant === undefined ? "unknown" : `unknown; did you mean ${meant}?`;
  }
  return kind.secret
    ? `not ${kind.allowed}`
    : `${shown(given)} is not ${kind.allowed}`;
}
