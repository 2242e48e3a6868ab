import { assertEquals, assertThrows } from "@std/assert";
import { formatDate } from "../../src/message/date.ts";

Deno.test("formatDate() writes each day and month by its name", () => {
  const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  for (const [index, day] of days.entries()) {
    const date = formatDate(Date.UTC(2026, 10, 22 + index));
    assertEquals(date, `${day}, ${22 + index} Nov 2026 00:00:00 +0000`);
  }
  const months = Array.from(
    { length: 12 },
    (_, month) => formatDate(Date.UTC(2026, month, 1)).slice(8, 11),
  );
  assertEquals(
    months.join(" "),
    "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
  );
});

Deno.test("formatDate() writes two digits and drops what is left of a second", () => {
  assertEquals(
    formatDate(Date.UTC(2024, 1, 29, 3, 4, 5, 999)),
    "Thu, 29 Feb 2024 03:04:05 +0000",
  );
  assertEquals(formatDate(0), "Thu, 01 Jan 1970 00:00:00 +0000");
});

Deno.test("formatDate() throws outside of what the grammar can say", () => {
  for (const ms of [NaN, Infinity, Date.UTC(1899, 11, 31), 8.64e15, 9e15]) {
    assertThrows(() => formatDate(ms), RangeError, "Cannot format date");
  }
});
