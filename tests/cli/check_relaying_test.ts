import { assertEquals } from "@std/assert";
import { checkRelaying } from "../../src/cli/check_relaying.ts";
import { linesOf, settingsOf } from "./check_fakes.ts";

/** What is said of the flags, up to the colon. */
function said(...flags: readonly string[]): readonly string[] {
  const findings = checkRelaying({ settings: settingsOf(flags) });
  return linesOf(findings).map((line) => line.split(/: (?!-)/)[0]!);
}

Deno.test("checkRelaying() lets a server's own networks relay", () => {
  assertEquals(said(), []);
  const own =
    "10.0.0.0/8,192.168.0.0/16,fd00::/8,198.51.100.0/22,2001:db8::/48";
  assertEquals(said("--relay-from", own), []);
});

Deno.test("checkRelaying() calls an open relay a problem", () => {
  for (
    const network of [
      "0.0.0.0/0",
      "128.0.0.0/1",
      "::/0",
      "2000::/3",
      "::ffff:0.0.0.0/96",
    ]
  ) {
    assertEquals(said("--relay-from", `127.0.0.1,${network}`), [
      `problem: --relay-from ${network}`,
    ]);
  }
});

Deno.test("checkRelaying() warns of networks wider than a site", () => {
  assertEquals(said("--relay-from", "198.51.0.0/16,2001:db8::/32"), [
    "warning: --relay-from 198.51.0.0/16",
    "warning: --relay-from 2001:db8::/32",
  ]);
});

Deno.test("checkRelaying() minds no network where nobody can come from it", () => {
  const open = ["--relay-from", "0.0.0.0/0"];
  assertEquals(said(...open, "--host", "127.0.0.1"), []);
  assertEquals(said(...open, "--host", "::1"), []);
  assertEquals(said(...open, "--host", "localhost"), []);
  assertEquals(said(...open, "--accept", "all", "--port", "2525"), []);
  // Through the proxy everybody can.
  const behind = ["--host", "127.0.0.1", "--proxy-from", "127.0.0.1"];
  assertEquals(said(...open, ...behind), ["problem: --relay-from 0.0.0.0/0"]);
});

Deno.test("checkRelaying() knows that whoever may speak for others can claim to be one of us", () => {
  const from = (proxies: string) =>
    said("--relay-from", "10.1.0.0/16", "--proxy-from", proxies);
  assertEquals(from("10.0.0.0/16,198.51.100.7"), []);
  assertEquals(from("128.0.0.0/1"), ["problem: --proxy-from 128.0.0.0/1"]);
  assertEquals(from("198.51.0.0/16"), ["warning: --proxy-from 198.51.0.0/16"]);
});

Deno.test("checkRelaying() says that a proxy's right to relay is none", () => {
  const from = (relays: string, proxies: string) =>
    said("--relay-from", relays, "--proxy-from", proxies);
  assertEquals(from("10.0.0.5", "10.0.0.0/24"), [
    "warning: --relay-from 10.0.0.5/32",
  ]);
  assertEquals(from("10.0.0.0/24", "10.0.0.5"), []);
});

Deno.test("checkRelaying() warns of a developer's server that the world can reach", () => {
  const all = ["--accept", "all"];
  const expected = ["warning: --accept all on port 25"];
  assertEquals(said(...all), expected);
  assertEquals(said(...all, "--host", "198.51.100.7"), expected);
  assertEquals(said(...all, "--port", "2525"), []);
  assertEquals(said(...all, "--host", "10.0.0.7"), []);
  assertEquals(said(...all, "--host", "127.0.0.1"), []);
});
