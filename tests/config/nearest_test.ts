import { assertEquals } from "@std/assert";
import { nearest } from "../../src/config/nearest.ts";

const NAMES = ["port", "host", "hostname", "mail-dir", "max-size"];

Deno.test("nearest() forgives a few wrong letters", () => {
  for (
    const [word, name] of [
      ["port", "port"],
      ["prot", "port"],
      ["hsot", "host"],
      ["hostnaem", "hostname"],
      ["maildir", "mail-dir"],
      ["max_size", "max-size"],
    ] as const
  ) assertEquals(nearest(word, NAMES), name);
});

Deno.test("nearest() answers nothing when nothing is near", () => {
  for (const word of ["", "x", "tls-cert", "relay-from"]) {
    assertEquals(nearest(word, NAMES), undefined, word);
  }
});
