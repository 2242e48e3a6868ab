import { assertEquals } from "@std/assert";
import type { Answer, Mx, Resolver } from "../../src/ports/resolver.ts";
import type { Routing } from "../../src/delivery/route.ts";
import { lookUpRoute } from "../../src/delivery/route_lookup.ts";

const ROUTING: Routing = {
  fixed: [
    { domain: "another", host: "host.test", port: 2526 },
    { domain: "literal.test", host: "192.0.2.9", port: 25 },
  ],
  mxPort: 25,
  ourselves: { names: [], listens: [] },
};

/** Looks up a route and tells what was asked for on the way. */
async function lookUp(
  destination: string,
  mx: Answer<Mx> = { kind: "none" },
) {
  const asked: string[] = [];
  const resolver: Resolver = {
    mx(domain) {
      asked.push(`MX ${domain}`);
      return Promise.resolve(mx);
    },
    addresses(host) {
      asked.push(`address ${host}`);
      return Promise.resolve({ kind: "records", records: ["192.0.2.1"] });
    },
    ipv4: () => Promise.reject(new Error("asked")),
  };
  const source = { routing: ROUTING, resolver, random: () => 0 };
  const route = await lookUpRoute(destination, source);
  const found = route.kind === "hosts"
    ? route.hosts.map(({ name, addresses }) => `${name} ${addresses}`)
    : route.reply.code;
  return { asked, found };
}

Deno.test("lookUpRoute() asks for MX records and then for their addresses", async () => {
  const mx: Answer<Mx> = {
    kind: "records",
    records: [
      { preference: 20, exchange: "b.test" },
      { preference: 10, exchange: "a.test" },
    ],
  };
  assertEquals(await lookUp("foo.test", mx), {
    asked: ["MX foo.test", "address a.test", "address b.test"],
    found: ["a.test 192.0.2.1", "b.test 192.0.2.1"],
  });
});

Deno.test("lookUpRoute() asks for the domain's own addresses for lack of MX records", async () => {
  assertEquals(await lookUp("Bücher.Test"), {
    asked: ["MX xn--bcher-kva.test", "address xn--bcher-kva.test"],
    found: ["xn--bcher-kva.test 192.0.2.1"],
  });
});

Deno.test("lookUpRoute() asks for no addresses when MX records settle it", async () => {
  assertEquals(await lookUp("foo.test", { kind: "no domain" }), {
    asked: ["MX foo.test"],
    found: 550,
  });
});

Deno.test("lookUpRoute() asks for no MX records of a fixed route", async () => {
  assertEquals(await lookUp("ANOTHER"), {
    asked: ["address host.test"],
    found: ["host.test 192.0.2.1"],
  });
});

Deno.test("lookUpRoute() asks nothing about an address", async () => {
  assertEquals(await lookUp("literal.test"), {
    asked: [],
    found: ["192.0.2.9 192.0.2.9"],
  });
  assertEquals(await lookUp("[IPv6:2001:DB8::1]"), {
    asked: [],
    found: ["2001:db8::1 2001:db8::1"],
  });
});
