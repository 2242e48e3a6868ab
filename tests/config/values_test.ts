import { assertEquals } from "@std/assert";
import type { Kind } from "../../src/config/values.ts";
import {
  choice,
  duration,
  integer,
  list,
  onOff,
  path,
  port,
  size,
} from "../../src/config/values.ts";

/** Checks each text against the value it must be read as. */
function table(kind: Kind<unknown>, rows: Readonly<Record<string, unknown>>) {
  for (const [text, value] of Object.entries(rows)) {
    assertEquals(kind.read(text), value, JSON.stringify(text));
  }
}

Deno.test("duration() reads a number with its unit", () => {
  table(duration("1s", "365d"), {
    "1s": 1_000,
    "90s": 90_000,
    "5m": 300_000,
    "4h": 14_400_000,
    "5d": 432_000_000,
    "365d": 31_536_000_000,
  });
});

Deno.test("duration() refuses what has no unit, no number or no place in the range", () => {
  const kind = duration("2s", "1d");
  const texts = ["", "5", "s", "5x", "5S", "1.5h", "-5m", "5 m", " 5m", "1e3s"];
  for (
    const text of [...texts, "0s", "1s", "25h", "2d", "9".repeat(400) + "s"]
  ) {
    assertEquals(kind.read(text), undefined, text);
  }
});

Deno.test("size() reads octets in units of 1024", () => {
  table(size("1K", "2G"), {
    "1024": 1_024,
    "10K": 10_240,
    "10k": 10_240,
    "25M": 26_214_400,
    "2G": 2_147_483_648,
  });
});

Deno.test("size() refuses other units, fractions and what is out of range", () => {
  for (
    const text of ["", "K", "1023", "1.5M", "10KB", "1T", "-1K", "0x10", "3G"]
  ) {
    assertEquals(size("1K", "2G").read(text), undefined, text);
  }
});

Deno.test("port reads 0 to 65535 in decimal digits", () => {
  table(port, { "0": 0, "25": 25, "0025": 25, "65535": 65_535 });
  table(port, {
    "": undefined,
    "65536": undefined,
    "-1": undefined,
    "+25": undefined,
    "25.0": undefined,
    "0x19": undefined,
    "1e3": undefined,
    " 25": undefined,
    "smtp": undefined,
  });
});

Deno.test("integer() keeps to its range and says it", () => {
  const kind = integer(1, 10);
  table(kind, { "1": 1, "10": 10, "0": undefined, "11": undefined });
  assertEquals(kind.allowed, "a whole number (1 to 10)");
});

Deno.test("choice() takes its words as they are", () => {
  const kind = choice("maildir", "mbox");
  table(kind, { "mbox": "mbox", "Mbox": undefined, "": undefined });
  assertEquals(kind.placeholder, "maildir|mbox");
});

Deno.test("onOff reads on and off only", () => {
  table(onOff, { "on": true, "off": false, "true": undefined, "": undefined });
});

Deno.test("path() takes any name but none", () => {
  table(path("DIR"), {
    "./mail": "./mail",
    "C:\\Mail and more": "C:\\Mail and more",
    "": undefined,
    "  ": undefined,
    "a\0b": undefined,
  });
});

Deno.test("list() reads each item and refuses all when one is wrong", () => {
  table(list(duration("1s", "1d"), "durations"), {
    "5m": [300_000],
    "5m,1h": [300_000, 3_600_000],
    "5m, 1h": [300_000, 3_600_000],
    "": undefined,
    "5m,": undefined,
    "5m,x": undefined,
  });
});
