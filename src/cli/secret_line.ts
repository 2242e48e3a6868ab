/** A line being typed unseen. */
export interface SecretLine {
  /** What has been typed so far. */
  readonly text: string;
  /** Whether it goes on, was entered, or was broken off with Ctrl+C or Ctrl+D. */
  readonly state: "typing" | "entered" | "broken off";
}

/**
 * The line after more keys, as a terminal in raw mode sends them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type } from "./secret_line.ts";
 *
 * const line = type({ text: "", state: "typing" }, "secret\x7fT\r");
 * assertEquals(line, { text: "secreT", state: "entered" });
 * ```
 */
export function type(line: SecretLine, keys: string): SecretLine {
  let { text } = line;
  for (const key of keys) {
    switch (key) {
      case "\r":
      case "\n":
        return { text, state: "entered" };
      case "\x03":
      case "\x04":
        return { text: "", state: "broken off" };
      case "\b":
      case "\x7f":
        text = [...text].slice(0, -1).join("");
        break;
      default:
        text += key;
    }
  }
  return { text, state: "typing" };
}
