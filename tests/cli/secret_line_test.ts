import { assertEquals } from "@std/assert";
import { type } from "../../src/cli/secret_line.ts";

/** The line after these keys, however they arrive. */
function typed(keys: string) {
  let line = { text: "", state: "typing" } as ReturnType<typeof type>;
  const whole = type(line, keys);
  for (const key of keys) {
    if (line.state === "typing") line = type(line, key);
  }
  assertEquals(line, whole);
  return whole;
}

Deno.test("type() gathers keys until the line is entered", () => {
  assertEquals(typed("12"), { text: "12", state: "typing" });
  assertEquals(typed("12\r"), { text: "12", state: "entered" });
  assertEquals(typed("12\n34"), { text: "12", state: "entered" });
});

Deno.test("type() takes back whole characters, and nothing from an empty line", () => {
  assertEquals(typed("\x7fa\u{1F511}\x7f\bb").text, "b");
  assertEquals(typed("д\u{1F511}\x7f\r"), { text: "д", state: "entered" });
});

Deno.test("type() forgets a line that is broken off", () => {
  for (const key of ["\x03", "\x04"]) {
    assertEquals(typed(`12${key}`), { text: "", state: "broken off" });
  }
});
