import { assertEquals } from "@std/assert";
import { checkNames } from "../../src/cli/check_names.ts";
import { type Known, linesOf, resolverOf, settingsOf } from "./check_fakes.ts";

type Zone = Readonly<Record<string, Known | "failed">>;

async function said(
  zone: Zone,
  ...flags: readonly string[]
): Promise<readonly string[]> {
  const settings = settingsOf(["--hostname", "mx.test.ru", ...flags]);
  const resolver = resolverOf(zone);
  return linesOf(await checkNames({ settings, resolver }));
}

const HOST: Zone = { "mx.test.ru": { addresses: ["198.51.100.7"] } };
const ADD = "add an MX record that names mx.test.ru";

Deno.test("checkNames() finds nothing where DNS leads here", async () => {
  for (
    const zone of [
      { "test.ru": { mx: ["mx.test.ru"] } },
      { "test.ru": { mx: ["mx2.other.test", "mx.test.ru"] } },
      // Another name of this server.
      {
        "test.ru": { mx: ["mail.test.ru"] },
        "mail.test.ru": { addresses: ["2001:db8::7", "198.51.100.7"] },
      },
      // No MX record, but the right address.
      { "test.ru": { addresses: ["198.51.100.7"] } },
    ]
  ) assertEquals(await said({ ...HOST, ...zone }), []);
});

Deno.test("checkNames() warns of a host name that leads nowhere", async () => {
  const zone = { "test.ru": { mx: ["mx.test.ru"] } };
  const expected = [
    "warning: --hostname mx.test.ru: DNS has no address for it, and many servers " +
    "take no mail from such a host; add an A or AAAA record",
  ];
  assertEquals(await said(zone), expected);
  assertEquals(await said({ ...zone, "mx.test.ru": {} }), expected);
});

Deno.test("checkNames() warns of a host name that means whoever asks", async () => {
  const zone = {
    "test.ru": { mx: ["mx.test.ru"] },
    "mx.test.ru": { addresses: ["127.0.1.1", "::1"] },
  };
  assertEquals(await said(zone), [
    "warning: --hostname mx.test.ru: its address in DNS is 127.0.1.1, ::1, by " +
    "which others find themselves; publish that of this machine",
  ]);
});

Deno.test("checkNames() warns of a domain whose mail goes elsewhere", async () => {
  assertEquals(
    await said({
      ...HOST,
      "test.ru": { mx: ["mx.other.test"] },
      "mx.other.test": { addresses: ["203.0.113.7"] },
      "none.test": { addresses: ["203.0.113.8"] },
      "null.test": { mx: [""] },
    }, ..."--domain none.test --domain null.test --domain no.test".split(" ")),
    [
      "warning: --domain test.ru: its MX records name mx.other.test, and not this " +
      `server; ${ADD}`,
      `warning: --domain none.test: DNS has no MX record for it; ${ADD}`,
      "warning: --domain null.test: its MX records name . (no mail at all), and " +
      `not this server; ${ADD}`,
      `warning: --domain no.test: DNS has no such domain; ${ADD}`,
    ],
  );
});

Deno.test("checkNames() says once what can't be asked, and goes on", async () => {
  const zone: Zone = {
    "mx.test.ru": "failed",
    "test.ru": "failed",
    "some.test": { mx: ["mx.some.test"] },
    "mx.some.test": "failed",
  };
  const more = ["--domain", "some.test", "--domain", "no.test"];
  assertEquals(await said(zone, ...more), [
    "warning: Cannot ask DNS about mx.test.ru, test.ru, some.test: it is silent; " +
    "without it no mail is sent on",
    `warning: --domain no.test: DNS has no such domain; ${ADD}`,
  ]);
});

Deno.test("checkNames() asks nothing where the world need not find us", async () => {
  assertEquals(await said({}, "--accept", "all"), []);
  assertEquals(await said({}, "--host", "127.0.0.1"), []);
  const settings = settingsOf(["--hostname", "localhost"]);
  assertEquals(await checkNames({ settings, resolver: resolverOf({}) }), []);
});
