/** What a JSON document can hold an object as. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object, and neither an array nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A JSON value as it would be typed after a flag; `undefined` for what no flag can say.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { typed } from "./json_value.ts";
 *
 * assertEquals(typed(false), "off");
 * assertEquals(typed(["5m", "1h"]), "5m,1h");
 * assertEquals(typed({}), undefined);
 * ```
 */
export function typed(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "on" : "off";
  if (!Array.isArray(value)) return undefined;
  const items = value.map(typed);
  return items.includes(undefined) ? undefined : items.join(",");
}

/**
 * A JSON value for messages; not what is in objects, for that may be a password.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shown } from "./json_value.ts";
 *
 * assertEquals(shown("off"), '"off"');
 * assertEquals(shown([25, { password: "secret" }]), "[25,{…}]");
 * ```
 */
export function shown(value: unknown): string {
  if (isObject(value)) return Object.keys(value).length > 0 ? "{…}" : "{}";
  if (Array.isArray(value)) return `[${value.map(shown).join(",")}]`;
  return JSON.stringify(value);
}
