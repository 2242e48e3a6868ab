import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { explain } from "../../src/message/dsn_explanation.ts";

Deno.test("explain() has its own words for the codes met most", () => {
  const words: Readonly<Record<string, RegExp>> = {
    "5.1.1": /no such mailbox/,
    "5.1.2": /no such domain/,
    "5.1.10": /takes no mail at all/,
    "5.2.2": /mailbox is full/,
    "4.2.2": /mailbox is full/,
    "5.3.4": /too big/,
    "5.4.6": /loop/,
    "5.6.7": /beyond ASCII/,
    "5.7.1": /refuses mail from you/,
    "4.4.1": /could not be reached/,
    "4.4.3": /DNS/,
    "5.4.7": /in the time there was/,
  };
  for (const [status, expected] of Object.entries(words)) {
    assertMatch(explain(status).meaning, expected, status);
  }
});

Deno.test("explain() falls back on the subject, and then on nothing in particular", () => {
  const subjects = ["1", "2", "3", "4", "5", "6", "7"].map((subject) =>
    explain(`5.${subject}.99`)
  );
  assertEquals(new Set(subjects).size, 7);
  const unknown = explain("5.0.0");
  for (const status of ["4.0.0", "5.99.1", "", "x", "5.constructor.1"]) {
    assertEquals(explain(status), unknown, status);
  }
  for (const explanation of subjects) assertNotEquals(explanation, unknown);
});
