import { assertEquals } from "@std/assert";
import type { Answer, Mx } from "../../src/ports/resolver.ts";
import {
  type Located,
  mxTargets,
  type NoRoute,
  routeVia,
  type Routing,
  startRoute,
  type Target,
  type Targets,
} from "../../src/delivery/route.ts";
import { replyLines } from "../../src/smtp/reply.ts";

const ROUTING: Routing = {
  fixed: [],
  mxPort: 25,
  ourselves: {
    names: ["mail.ours.test"],
    listens: [{ address: "192.0.2.25", port: 25 }],
  },
};

/** What came out, in short: names in order, or the kind and the codes of the reply. */
function brief(outcome: { kind: "ask mx" } | Targets | NoRoute) {
  if (outcome.kind === "ask mx") return outcome.kind;
  if (outcome.kind === "targets") {
    return outcome.targets.map(({ name }) => name).join(" ");
  }
  return briefReply(outcome);
}

function briefReply({ kind, reply }: NoRoute) {
  const [line = ""] = replyLines(reply);
  return `${kind}: ${line.split(" ", 2).join(" ")}`;
}

// startRoute

const FIXED = [
  { domain: "another", host: "localhost", port: 2526 },
  { domain: "v6.test", host: "2001:db8::1", port: 25 },
  { domain: "another", host: "ignored.test", port: 25 },
];
const SMARTHOST = { domain: "*", host: "smart.test", port: 587 };

Deno.test("startRoute() takes a fixed route for that very domain", () => {
  const routing = { fixed: [SMARTHOST, ...FIXED], mxPort: 25 };
  const target = (domain: string) => {
    const start = startRoute(domain, routing);
    return start.kind === "targets" ? start.targets : start;
  };
  const by = "settings";
  const smart = [{ name: "smart.test", preference: 0, port: 587, by }];
  assertEquals(target("another"), [
    { name: "localhost", preference: 0, port: 2526, by },
  ]);
  assertEquals(target("v6.test"), [
    { name: "2001:db8::1", preference: 0, port: 25, by },
  ]);
  assertEquals(target("sub.another"), smart);
  assertEquals(target("[192.0.2.1]"), smart);
});

const STARTS: readonly (readonly [string, string])[] = [
  ["foo.test", "ask mx"],
  ["localhost", "ask mx"],
  ["xn--80a1acny.test", "ask mx"],
  ["my_host.test", "ask mx"],
  [`${"x".repeat(63)}.test`, "ask mx"],
  ["[192.0.2.1]", "192.0.2.1"],
  ["[192.000.02.1]", "192.0.2.1"],
  ["[ipv6:2001:db8:0:0::1]", "2001:db8::1"],
  ["[ipv6:::ffff:192.0.2.1]", "192.0.2.1"],
  // No DNS can know these.
  ["192.0.2.1", "failed: 550 5.1.2"],
  ["foo.1", "failed: 550 5.1.2"],
  [`${"x".repeat(64)}.test`, "failed: 550 5.1.2"],
  [`${"x.".repeat(126)}test`, "failed: 550 5.1.2"],
  ["", "failed: 550 5.1.2"],
  ["a..b", "failed: 550 5.1.2"],
  ["-a.test", "failed: 550 5.1.2"],
];
for (const [domain, expected] of STARTS) {
  Deno.test(`startRoute() of ${domain.slice(0, 80)} gives ${expected}`, () => {
    assertEquals(brief(startRoute(domain, ROUTING)), expected);
  });
}

// mxTargets

/** `10 mx.test, 20 backup.test` as an answer; `10 .` is a null MX. */
function mx(text: string): Answer<Mx> {
  const records = text.split(", ").map((item) => {
    const [preference, exchange = ""] = item.split(" ");
    return {
      preference: Number(preference),
      exchange: exchange.replace(/\.$/, ""),
    };
  });
  return { kind: "records", records };
}

const MX_ANSWERS: readonly (readonly [string, Answer<Mx>, string])[] = [
  ["one exchanger", mx("10 mx.test"), "mx.test"],
  [
    "exchangers in the order of preference",
    mx("20 c.test, 5 a.test, 10 b.test"),
    "a.test b.test c.test",
  ],
  ["preference as a number", mx("100 b.test, 9 a.test"), "a.test b.test"],
  ["an exchanger once", mx("10 a.test, 20 b.test, 30 a.test"), "a.test b.test"],
  [
    "the first ten of many",
    mx(Array.from({ length: 12 }, (_, n) => `${n} mx${n}.test`).join(", ")),
    "mx0.test mx1.test mx2.test mx3.test mx4.test mx5.test mx6.test mx7.test mx8.test mx9.test",
  ],
  ["the domain itself for lack of records", { kind: "none" }, "foo.test"],
  // RFC 7505
  ["a null MX", mx("0 ."), "failed: 556 5.1.10"],
  ["a null MX with a preference", mx("10 ."), "failed: 556 5.1.10"],
  ["a null MX beside others", mx("0 ., 10 mx.test"), "mx.test"],
  // Exchangers that are no names
  ["only addresses", mx("10 192.0.2.1"), "failed: 550 5.4.4"],
  ["only nonsense", mx("10 a\\032b.test, 20 *"), "failed: 550 5.4.4"],
  ["an address beside others", mx("0 192.0.2.1, 10 mx.test"), "mx.test"],
  // Ourselves
  ["only ourselves", mx("10 mail.ours.test"), "failed: 554 5.4.6"],
  [
    "ourselves as the best",
    mx("10 mail.ours.test, 20 b.test"),
    "failed: 554 5.4.6",
  ],
  [
    "ourselves among the best",
    mx("10 mail.ours.test, 10 b.test"),
    "failed: 554 5.4.6",
  ],
  [
    "ourselves as a backup, like others",
    mx("5 a.test, 10 mail.ours.test, 10 b.test, 20 c.test"),
    "a.test",
  ],
  [
    "ourselves twice",
    mx("5 a.test, 20 mail.ours.test, 10 mail.ours.test, 15 b.test"),
    "a.test",
  ],
  [
    "ourselves behind what is no name",
    mx("5 192.0.2.1, 10 mail.ours.test"),
    "failed: 554 5.4.6",
  ],
  // No answer
  ["no such domain", { kind: "no domain" }, "failed: 550 5.1.2"],
  [
    "trouble",
    { kind: "failed", why: "SERVFAIL" },
    "deferred: 451 4.4.3",
  ],
];
for (const [what, answer, expected] of MX_ANSWERS) {
  Deno.test(`mxTargets() of ${what} gives ${expected}`, () => {
    const targets = mxTargets("foo.test", answer, ROUTING, () => 0.5);
    assertEquals(brief(targets), expected);
  });
}

Deno.test("mxTargets() knows ourselves as the implicit MX", () => {
  const targets = mxTargets(
    "mail.ours.test",
    { kind: "none" },
    ROUTING,
    () => 0,
  );
  assertEquals(brief(targets), "failed: 554 5.4.6");
});

Deno.test("mxTargets() shuffles equal preferences, and those only", () => {
  const lots = [0.9, 0.1, 0.5, 0.0];
  const targets = mxTargets(
    "foo.test",
    mx("10 a.test, 10 b.test, 10 c.test, 20 d.test"),
    ROUTING,
    () => lots.shift()!,
  );
  assertEquals(brief(targets), "b.test c.test a.test d.test");
});

Deno.test("mxTargets() gives port, preference and source along", () => {
  const routing = { ...ROUTING, mxPort: 2525 };
  assertEquals(mxTargets("foo.test", mx("7 mx.test"), routing, () => 0), {
    kind: "targets",
    targets: [{ name: "mx.test", preference: 7, port: 2525, by: "mx" }],
  });
  assertEquals(mxTargets("foo.test", { kind: "none" }, routing, () => 0), {
    kind: "targets",
    targets: [{ name: "foo.test", preference: 0, port: 2525, by: "domain" }],
  });
});

// routeVia

const NONE: Answer<string> = { kind: "none" };
const GONE: Answer<string> = { kind: "no domain" };
const TROUBLE: Answer<string> = { kind: "failed", why: "SERVFAIL" };
const OURS = at("192.0.2.25");

function at(...records: readonly string[]): Answer<string> {
  return { kind: "records", records };
}

/** A target each, with preferences 10, 20 and so on unless given. */
function located(
  answers: readonly (Answer<string> | readonly [number, Answer<string>])[],
  by: Target["by"] = "mx",
): readonly Located[] {
  return answers.map((given, index) => {
    const [preference, answer] = "kind" in given
      ? [10 * (index + 1), given]
      : given;
    return {
      target: { name: `mx${index}.test`, preference, port: 25, by },
      answer,
    };
  });
}

const LOCATED: readonly (readonly [string, readonly Located[], string])[] = [
  ["one host", located([at("192.0.2.1")]), "mx0.test"],
  [
    "hosts in their order",
    located([at("192.0.2.1"), at("192.0.2.2")]),
    "mx0.test mx1.test",
  ],
  [
    "hosts some of which have no address",
    located([NONE, at("192.0.2.1"), GONE, TROUBLE, at("192.0.2.2")]),
    "mx1.test mx4.test",
  ],
  ["exchangers without addresses", located([NONE, GONE]), "failed: 550 5.4.4"],
  [
    "exchangers of which one may have an address later",
    located([NONE, TROUBLE]),
    "deferred: 451 4.4.3",
  ],
  ["a domain without address", located([NONE], "domain"), "failed: 550 5.1.2"],
  [
    "a domain whose address isn't known now",
    located([TROUBLE], "domain"),
    "deferred: 451 4.4.3",
  ],
  // Ourselves
  ["our own address", located([OURS]), "failed: 554 5.4.6"],
  [
    "our own address, literally",
    located([OURS], "domain"),
    "failed: 554 5.4.6",
  ],
  [
    "ourselves among a host's addresses",
    located([at("192.0.2.1", "192.0.2.25")]),
    "failed: 554 5.4.6",
  ],
  [
    "ourselves as a backup",
    located([
      at("192.0.2.1"),
      [20, at("192.0.2.2")],
      [20, OURS],
      at("192.0.2.3"),
    ]),
    "mx0.test",
  ],
  [
    "ourselves behind a host that isn't known now",
    located([TROUBLE, OURS, at("192.0.2.3")]),
    "deferred: 451 4.4.3",
  ],
  [
    "ourselves behind a host without address",
    located([NONE, OURS]),
    "failed: 550 5.4.4",
  ],
  // The settings are the operator's to mend: nothing of theirs fails mail.
  ["a fixed route", located([at("192.0.2.1")], "settings"), "mx0.test"],
  [
    "a fixed route to ourselves",
    located([OURS], "settings"),
    "deferred: 451 4.3.5",
  ],
  [
    "a fixed route to nobody",
    located([GONE], "settings"),
    "deferred: 451 4.3.5",
  ],
  [
    "a fixed route that isn't known now",
    located([TROUBLE], "settings"),
    "deferred: 451 4.3.5",
  ],
];
for (const [what, targets, expected] of LOCATED) {
  Deno.test(`routeVia() ${what} gives ${expected}`, () => {
    const route = routeVia("foo.test", targets, ROUTING);
    assertEquals(
      route.kind === "hosts"
        ? route.hosts.map(({ name }) => name).join(" ")
        : briefReply(route),
      expected,
    );
  });
}

Deno.test("routeVia() says whether DNS or the settings named the host", () => {
  const host = (by: Target["by"]) => {
    const route = routeVia("foo.test", located([at("192.0.2.1")], by), ROUTING);
    return route.kind === "hosts" && route.hosts[0];
  };
  const expected = { name: "mx0.test", addresses: ["192.0.2.1"], port: 25 };
  assertEquals(host("mx"), { ...expected, mx: true });
  assertEquals(host("domain"), { ...expected, mx: true });
  assertEquals(host("settings"), { ...expected, mx: false });
});

Deno.test("routeVia() takes a few addresses of each family by turns", () => {
  const answer = at(
    ...["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"],
    ...["2001:db8::1", "2001:db8::2"],
  );
  const route = routeVia("foo.test", located([answer]), ROUTING);
  assertEquals(
    route.kind === "hosts" && route.hosts[0]?.addresses,
    ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"],
  );
});

Deno.test("routeVia() takes another port on our address for another server", () => {
  const [{ target, answer }] = located([OURS]) as [Located];
  const route = routeVia(
    "foo.test",
    [{ target: { ...target, port: 2526 }, answer }],
    ROUTING,
  );
  assertEquals(route.kind, "hosts");
});
