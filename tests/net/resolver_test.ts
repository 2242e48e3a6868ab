import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Answer, Resolver } from "../../src/ports/resolver.ts";
import { dnsResolver } from "../../src/net/resolver.ts";
import { type DnsServer, startDnsServer, type Zone } from "./dns_server.ts";

/** Asks in a zone of its own. */
async function inZone(
  zone: Zone,
  test: (resolver: Resolver, server: DnsServer) => Promise<void>,
): Promise<void> {
  await using server = await startDnsServer(zone);
  await test(dnsResolver({ nameServer: server }), server);
}

function assertFailed(answer: Answer<unknown>, why: string): void {
  assertEquals(answer.kind, "failed");
  assertStringIncludes("why" in answer ? answer.why : "", why);
}

Deno.test("mx() gives the records, with names in lower case and no dot at their end", () =>
  inZone({
    "foo.test": { MX: [[10, "MX1.Foo.test"], [5, "mx2.bar.test"]] },
    "null.test": { MX: [[0, "."]] },
  }, async (resolver, { questions }) => {
    assertEquals(await resolver.mx("foo.test"), {
      kind: "records",
      records: [
        { preference: 10, exchange: "mx1.foo.test" },
        { preference: 5, exchange: "mx2.bar.test" },
      ],
    });
    assertEquals(await resolver.mx("null.test"), {
      kind: "records",
      records: [{ preference: 0, exchange: "" }],
    });
    assertEquals(questions, ["MX foo.test", "MX null.test"]);
  }));

Deno.test("mx() follows aliases", () =>
  inZone({
    "alias.test": { CNAME: "foo.test" },
    "foo.test": { MX: [[10, "mx.foo.test"]] },
  }, async (resolver) => {
    assertEquals(await resolver.mx("alias.test"), {
      kind: "records",
      records: [{ preference: 10, exchange: "mx.foo.test" }],
    });
  }));

Deno.test("mx() asks over TCP when the answer is cut off", () =>
  inZone({
    "big.test": { MX: [[10, "mx.big.test"]], truncated: true },
  }, async (resolver, { questions }) => {
    assertEquals((await resolver.mx("big.test")).kind, "records");
    assertEquals(questions, ["MX big.test", "MX big.test over TCP"]);
  }));

Deno.test("mx() tells a name without records from one that doesn't exist", () =>
  inZone({
    "foo.test": { A: ["127.0.0.1"] },
    "alias.test": { CNAME: "foo.test" },
    "dangling.test": { CNAME: "nowhere.test" },
  }, async (resolver) => {
    assertEquals(await resolver.mx("foo.test"), { kind: "none" });
    assertEquals(await resolver.mx("alias.test"), { kind: "none" });
    assertEquals(await resolver.mx("nowhere.test"), { kind: "no domain" });
    assertEquals(await resolver.mx("dangling.test"), { kind: "no domain" });
  }));

Deno.test("mx() takes a server's trouble for no fact", () =>
  inZone({
    "servfail.test": "SERVFAIL",
    "refused.test": "REFUSED",
    "alias.test": { CNAME: "servfail.test" },
  }, async (resolver) => {
    assertFailed(await resolver.mx("servfail.test"), "answers SERVFAIL");
    assertFailed(await resolver.mx("refused.test"), "answers REFUSED");
    assertFailed(await resolver.mx("alias.test"), "answers SERVFAIL");
  }));

Deno.test("mx() fails for a name Deno.resolveDns does not take", () =>
  inZone({ "my_host.test": { MX: [[10, "mx.test"]] } }, async (resolver) => {
    assertFailed(await resolver.mx("my_host.test"), "invalid characters");
  }));

Deno.test("mx() gives up on a server that is silent", async () => {
  await using server = await startDnsServer({ "silent.test": "silence" });
  const resolver = dnsResolver({ nameServer: server, timeLimit: 50 });
  assertFailed(await resolver.mx("silent.test"), "does not answer in time");
});

Deno.test("mx() gives up when a server that found nothing doesn't say why", async () => {
  await using server = await startDnsServer({
    get "foo.test"() {
      return server.questions.length === 1 ? "NXDOMAIN" : "silence";
    },
  });
  const resolver = dnsResolver({ nameServer: server, timeLimit: 500 });
  assertFailed(
    await resolver.mx("foo.test"),
    `cannot ask 127.0.0.1:${server.port} why`,
  );
  assertEquals(server.questions, ["MX foo.test", "MX foo.test"]);
});

Deno.test("mx() fails when records that weren't there have come meanwhile", async () => {
  await using server = await startDnsServer({
    get "foo.test"() {
      return server.questions.length === 1
        ? "SERVFAIL"
        : { MX: [[10, "mx.foo.test"]] } as const;
    },
  });
  const resolver = dnsResolver({ nameServer: server });
  assertFailed(await resolver.mx("foo.test"), "changed");
});

Deno.test("mx() fails when nobody listens at the server's port", async () => {
  const { address, port } = await startDnsServer({}).then(stopped);
  const resolver = dnsResolver({
    nameServer: { address, port },
    timeLimit: 50,
  });
  assertFailed(await resolver.mx("foo.test"), "does not answer in time");
});

Deno.test("addresses() gives those of both families", () =>
  inZone({
    "foo.test": { A: ["192.0.2.1", "192.0.2.2"], AAAA: ["2001:db8::1"] },
    "alias.test": { CNAME: "foo.test" },
  }, async (resolver) => {
    const both = {
      kind: "records",
      records: ["2001:db8::1", "192.0.2.1", "192.0.2.2"],
    };
    assertEquals(await resolver.addresses("foo.test"), both);
    assertEquals(await resolver.addresses("alias.test"), both);
  }));

Deno.test("ipv4() gives those of one family and asks for no other", () =>
  inZone({
    "foo.test": { A: ["192.0.2.1", "192.0.2.2"], AAAA: ["2001:db8::1"] },
  }, async (resolver, { questions }) => {
    assertEquals(await resolver.ipv4("foo.test"), {
      kind: "records",
      records: ["192.0.2.1", "192.0.2.2"],
    });
    assertEquals(questions, ["A foo.test"]);
  }));

Deno.test("ipv4() says why there are none", () =>
  inZone({
    "ipv6.test": { AAAA: ["2001:db8::1"] },
    "servfail.test": "SERVFAIL",
  }, async (resolver) => {
    assertEquals(await resolver.ipv4("ipv6.test"), { kind: "none" });
    assertEquals(await resolver.ipv4("nowhere.test"), { kind: "no domain" });
    assertFailed(await resolver.ipv4("servfail.test"), "answers SERVFAIL");
  }));

Deno.test("addresses() is content with one family and doesn't ask why not the other", () =>
  inZone({
    "four.test": { A: ["192.0.2.1"] },
    "six.test": { A: "SERVFAIL", AAAA: ["2001:db8::1"] },
  }, async (resolver, { questions }) => {
    assertEquals(await resolver.addresses("four.test"), {
      kind: "records",
      records: ["192.0.2.1"],
    });
    assertEquals(await resolver.addresses("six.test"), {
      kind: "records",
      records: ["2001:db8::1"],
    });
    assertEquals(questions.length, 4);
  }));

Deno.test("addresses() says why there are none", () =>
  inZone({
    "foo.test": {},
    "half.test": { AAAA: "REFUSED" },
  }, async (resolver) => {
    assertEquals(await resolver.addresses("foo.test"), { kind: "none" });
    assertEquals(await resolver.addresses("bar.test"), { kind: "no domain" });
    assertFailed(await resolver.addresses("half.test"), "REFUSED");
  }));

async function stopped(server: DnsServer): Promise<DnsServer> {
  await server[Symbol.asyncDispose]();
  return server;
}
