import { assertEquals } from "@std/assert";
import { markdownTable, plainTable } from "./table.ts";

const TABLE = [
  ["server", "delivered/s", "runs"],
  ["smtpd", "2,500", "3"],
  ["a longer name", "1", ""],
];

Deno.test("plainTable() aligns names to the left and figures to the right", () => {
  assertEquals(plainTable(TABLE), [
    "server         delivered/s  runs",
    "smtpd                2,500     3",
    "a longer name            1",
  ]);
});

Deno.test("markdownTable() aligns as the source and as it is shown", () => {
  assertEquals(markdownTable(TABLE), [
    "| server        | delivered/s | runs |",
    "| ------------- | ----------: | ---: |",
    "| smtpd         |       2,500 |    3 |",
    "| a longer name |           1 |      |",
  ]);
});
