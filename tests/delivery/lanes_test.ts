import { assertEquals } from "@std/assert";
import { LOCAL_LANE, remoteLane } from "../../src/delivery/lanes.ts";
import { domainName } from "../../src/config/network_values.ts";

const NONE = { permissions: "none" } as const;
const CREDENTIALS = { user: "petya", password: () => "secret" };

Deno.test("LOCAL_LANE is no domain's lane", NONE, () => {
  assertEquals(domainName.read(LOCAL_LANE), undefined);
  assertEquals(remoteLane("local", { fixed: [], requireTls: [] }), "local");
});

Deno.test("remoteLane() is the domain, or where its mail is sent", NONE, () => {
  const route = { host: "mail.test", port: 25 };
  const fixed = [
    { ...route, domain: "a.ru" },
    { ...route, domain: "b.ru" },
    { ...route, domain: "c.ru", port: 26 },
  ];
  const terms = { fixed, requireTls: ["d.ru"] };
  for (
    const [domain, lane] of [
      ["a.ru", "mail.test:25"],
      ["b.ru", "mail.test:25"],
      ["c.ru", "mail.test:26"],
      ["d.ru", "d.ru"],
      ["e.ru", "e.ru"],
      ["[192.0.2.1]", "[192.0.2.1]"],
    ] as const
  ) {
    assertEquals(remoteLane(domain, terms), lane);
  }
});

Deno.test("remoteLane() keeps apart what is sent on other terms", NONE, () => {
  const route = { host: "mail.test", port: 25 };
  const fixed = [
    { ...route, domain: "plain.ru" },
    { ...route, domain: "never.ru", tls: "never" },
    { ...route, domain: "require.ru", tls: "require" },
    { ...route, domain: "implicit.ru", tls: "implicit" },
    { ...route, domain: "petya.ru", credentials: CREDENTIALS },
    {
      ...route,
      domain: "vasya.ru",
      credentials: { ...CREDENTIALS, user: "vasya" },
    },
    {
      ...route,
      domain: "clear.ru",
      credentials: CREDENTIALS,
      tls: "never",
    },
  ] as const;
  const lanes = fixed.map(({ domain }) =>
    remoteLane(domain, { fixed, requireTls: [] })
  );
  assertEquals(new Set(lanes).size, fixed.length);
  assertEquals(
    remoteLane("plain.ru", { fixed, requireTls: ["plain.ru"] }),
    remoteLane("require.ru", { fixed, requireTls: [] }),
  );
});
