import { assertEquals } from "@std/assert";
import { checkStrangers } from "../../src/cli/check_strangers.ts";
import { type Known, linesOf, resolverOf, settingsOf } from "./check_fakes.ts";

async function said(
  zone: Readonly<Record<string, Known | "failed">>,
  ...flags: readonly string[]
): Promise<readonly string[]> {
  const settings = settingsOf(["--dnsbl", "bl.test", ...flags]);
  const resolver = resolverOf(zone);
  return linesOf(await checkStrangers({ settings, resolver }));
}

const LISTED = "2.0.0.127.bl.test";
const WORKS = { [LISTED]: { addresses: ["127.0.0.2"] } };

Deno.test("checkStrangers() finds nothing in a block list that works", async () => {
  assertEquals(await said(WORKS), []);
});

Deno.test("checkStrangers() warns of a block list that is none", async () => {
  const expected = [
    "warning: --dnsbl bl.test: it doesn't list 127.0.0.2, as every list of " +
    "addresses does that works; is the name right?",
  ];
  assertEquals(await said({}), expected);
  assertEquals(await said({ [LISTED]: {} }), expected);
});

Deno.test("checkStrangers() calls a block list that has everybody a problem", async () => {
  const everybody = { "1.0.0.127.bl.test": { addresses: ["127.0.0.2"] } };
  assertEquals(await said({ ...WORKS, ...everybody }), [
    "problem: --dnsbl bl.test: it lists everybody, also 127.0.0.1, and so no mail " +
    "would come in; take it out",
  ]);
});

Deno.test("checkStrangers() warns of a block list that won't answer us", async () => {
  for (const answer of ["127.255.255.254", "198.51.100.1"]) {
    const refusal = { addresses: [answer] };
    // Whoever refuses does so whatever is asked.
    const zone = { [LISTED]: refusal, "1.0.0.127.bl.test": refusal };
    assertEquals(await said(zone), [
      `warning: --dnsbl bl.test: it answers ${answer}, which is how lists refuse ` +
      "those who ask through a public DNS server; ask your own with --dns",
    ]);
  }
  assertEquals(await said({ [LISTED]: "failed" }), [
    "warning: --dnsbl bl.test: it can't be asked: it is silent",
  ]);
});

Deno.test("checkStrangers() warns of a greylist that makes people wait", async () => {
  assertEquals(await said(WORKS, "--greylist", "1h"), []);
  assertEquals((await said(WORKS, "--greylist", "2h")).length, 1);
});
