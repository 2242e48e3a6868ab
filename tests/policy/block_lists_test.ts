import { assertEquals } from "@std/assert";
import { cachedResolver } from "../../src/net/resolver_cache.ts";
import { dnsResolver } from "../../src/net/resolver.ts";
import { makeBlockLists } from "../../src/policy/block_lists.ts";
import type { Answer } from "../../src/ports/resolver.ts";
import { startDnsServer } from "../net/dns_server.ts";
import { fakeClock, fakeLog } from "../queue/fakes.ts";

const NEVER = "never";

/** Block lists in a DNS that is a literal; the value of a name are its addresses. */
function setting(
  zones: readonly string[],
  names: Readonly<Record<string, readonly string[] | Answer<string> | "never">>,
) {
  const clock = fakeClock();
  const log = fakeLog();
  const asked: string[] = [];
  const resolver = {
    ipv4(host: string): Promise<Answer<string>> {
      asked.push(host);
      const known = names[host] ?? { kind: "no domain" };
      if (known === NEVER) return new Promise(() => {});
      return Promise.resolve(
        "kind" in known ? known : { kind: "records", records: known },
      );
    },
  };
  const lists = makeBlockLists({ zones, resolver, clock, log });
  return { clock, log, asked, lists };
}

Deno.test("lookUp() finds the list that has an address", async () => {
  const { lists, log } = setting(["a.test", "b.test"], {
    "7.113.0.203.b.test": ["127.0.0.4"],
  });
  assertEquals(await lists.lookUp("203.0.113.7"), "b.test");
  assertEquals(await lists.lookUp("7.113.0.203"), undefined);
  assertEquals(log.lines, []);
});

Deno.test("lookUp() names the first of several lists, whichever answers first", async () => {
  const { lists } = setting(["a.test", "b.test", "c.test"], {
    "7.113.0.203.b.test": ["127.0.0.2", "127.0.0.3"],
    "7.113.0.203.c.test": ["127.0.0.2"],
  });
  assertEquals(await lists.lookUp("203.0.113.7"), "b.test");
});

/** Addresses and what is asked for them. */
const QUESTIONS: readonly (readonly [string, string])[] = [
  ["203.0.113.7", "7.113.0.203"],
  ["::ffff:203.0.113.7", "7.113.0.203"],
  [
    "2001:db8:1:2:3:4:567:89ab",
    "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2",
  ],
];

for (const [address, name] of QUESTIONS) {
  Deno.test(`lookUp() asks every list for ${address}`, async () => {
    const { lists, asked } = setting(["a.test", "b.test"], {});
    await lists.lookUp(address);
    assertEquals(asked, [`${name}.a.test`, `${name}.b.test`]);
  });
}

const PRIVATE = [
  ..."0.0.0.0 10.1.2.3 100.127.0.1 127.0.0.2 169.254.1.1 172.31.255.255"
    .split(" "),
  ..."192.168.0.1 ::ffff:10.0.0.1 :: ::1 fc00::1 fdff::1 fe80::1 fe80::1%eth0"
    .split(" "),
  "unknown",
];

for (const address of PRIVATE) {
  Deno.test(`lookUp() asks nobody for ${address}`, async () => {
    const { lists, asked } = setting(["a.test"], {});
    assertEquals(await lists.lookUp(address), undefined);
    assertEquals(asked, []);
  });
}

for (
  const address of ["11.0.0.1", "100.128.0.1", "172.32.0.1", "::2", "fec0::1"]
) {
  Deno.test(`lookUp() asks for ${address}`, async () => {
    const { lists, asked } = setting(["a.test"], {});
    await lists.lookUp(address);
    assertEquals(asked.length, 1);
  });
}

/** Answers about 203.0.113.7, whether it is listed, and what is complained of. */
const ANSWERS: readonly {
  readonly answer: readonly string[] | Answer<string>;
  readonly listed: boolean;
  readonly complaint?: string;
}[] = [
  { answer: ["127.0.0.2"], listed: true },
  { answer: ["127.255.254.255"], listed: true },
  { answer: { kind: "no domain" }, listed: false },
  { answer: { kind: "none" }, listed: false },
  {
    answer: ["127.255.255.254"],
    listed: false,
    complaint: "block list refuses our questions",
  },
  {
    answer: ["198.51.100.1"],
    listed: false,
    complaint: "block list answers nonsense",
  },
  { answer: ["127.0.0.2", "198.51.100.1"], listed: true },
  {
    answer: ["198.51.100.1", "127.0.0.2"],
    listed: true,
    complaint: "block list answers nonsense",
  },
  {
    answer: { kind: "failed", why: "the DNS server answers SERVFAIL" },
    listed: false,
    complaint: "block list gives no answer",
  },
];

for (const { answer, listed, complaint } of ANSWERS) {
  Deno.test(`lookUp() takes ${JSON.stringify(answer)} for ${listed ? "a" : "no"} listing`, async () => {
    const { lists, log } = setting(["a.test"], {
      "7.113.0.203.a.test": answer,
    });
    const found = await lists.lookUp("203.0.113.7");
    assertEquals(found, listed ? "a.test" : undefined);
    const events = log.lines.map(({ level, event }) => `${level} ${event}`);
    assertEquals(events, complaint === undefined ? [] : [`warn ${complaint}`]);
  });
}

Deno.test("lookUp() complains of a list once an hour", async () => {
  const { lists, log, clock } = setting(["a.test", "b.test"], {
    "7.113.0.203.a.test": ["127.255.255.255"],
    "7.113.0.203.b.test": ["127.255.255.255"],
    "8.113.0.203.a.test": ["198.51.100.1"],
  });
  await lists.lookUp("203.0.113.7");
  await lists.lookUp("203.0.113.7");
  await lists.lookUp("203.0.113.8");
  clock.jump(60 * 60 * 1000 - 1);
  await lists.lookUp("203.0.113.7");
  const answer = "127.255.255.255";
  const refused = [{ zone: "a.test", answer }, { zone: "b.test", answer }];
  assertEquals(log.of("block list refuses our questions"), refused);
  assertEquals(log.of("block list answers nonsense"), [
    { zone: "a.test", answer: "198.51.100.1" },
  ]);
  clock.jump(1);
  await lists.lookUp("203.0.113.7");
  assertEquals(
    log.of("block list refuses our questions"),
    [...refused, ...refused],
  );
});

Deno.test("lookUp() waits 5 s at most, for all lists together", async () => {
  const { lists, log, clock } = setting(["a.test", "b.test", "c.test"], {
    "7.113.0.203.a.test": NEVER,
    "7.113.0.203.b.test": NEVER,
    "7.113.0.203.c.test": ["127.0.0.2"],
  });
  let found: string | undefined = "nothing yet";
  const looking = lists.lookUp("203.0.113.7").then((list) => found = list);
  await clock.advance(4_999);
  assertEquals(found, "nothing yet");
  await clock.advance(1);
  await looking;
  assertEquals(found, "c.test");
  assertEquals(log.of("block list gives no answer"), [
    { zone: "a.test", why: "it takes too long" },
    { zone: "b.test", why: "it takes too long" },
  ]);
});

Deno.test("lookUp() asks about 200 clients at once, and lets pass who is one too many", async () => {
  const clock = fakeClock();
  const log = fakeLog();
  const unanswered: ((answer: Answer<string>) => void)[] = [];
  const resolver = {
    ipv4: () =>
      new Promise<Answer<string>>((resolve) => unanswered.push(resolve)),
  };
  const lists = makeBlockLists({ zones: ["a.test"], resolver, clock, log });
  const found: (string | undefined)[] = [];
  const lookUp = (address: string) =>
    void lists.lookUp(address).then((list) => found.push(list));
  for (let client = 0; client < 2_000; client++) {
    lookUp(`203.0.${client >> 8}.${client & 255}`);
  }
  await clock.advance(0);
  assertEquals(unanswered.length, 200);
  assertEquals(found.splice(0), Array(1_800).fill(undefined));
  assertEquals(log.of("too many clients to ask block lists about").length, 1);

  unanswered[0]!({ kind: "records", records: ["127.0.0.2"] });
  await clock.advance(0);
  assertEquals(found.splice(0), ["a.test"]);
  for (const address of ["203.0.113.7", "203.0.113.8"]) lookUp(address);
  await clock.advance(0);
  assertEquals([unanswered.length, found.splice(0)], [201, [undefined]]);
  await clock.advance(5_000);
  assertEquals(found, Array(200).fill(undefined));
});

Deno.test("lookUp() leaves no timer behind", async () => {
  const { lists, clock } = setting(["a.test"], {});
  await lists.lookUp("203.0.113.7");
  assertEquals(clock.pending(), 0);
});

Deno.test("lookUp() without lists asks nobody", async () => {
  const { lists, asked } = setting([], {});
  assertEquals(await lists.lookUp("203.0.113.7"), undefined);
  assertEquals(asked, []);
});

Deno.test("lookUp() asks a DNS server once for a client that returns", async () => {
  await using server = await startDnsServer({
    "7.113.0.203.a.test": { A: ["127.0.0.2"] },
    "8.113.0.203.a.test": "REFUSED",
  });
  const clock = fakeClock();
  const log = fakeLog();
  const resolver = cachedResolver(dnsResolver({ nameServer: server }), clock);
  const lists = makeBlockLists({ zones: ["a.test"], resolver, clock, log });
  assertEquals(await lists.lookUp("203.0.113.7"), "a.test");
  assertEquals(await lists.lookUp("203.0.113.7"), "a.test");
  assertEquals(server.questions, ["A 7.113.0.203.a.test"]);
  assertEquals(await lists.lookUp("203.0.113.8"), undefined);
  assertEquals(await lists.lookUp("203.0.113.9"), undefined);
  assertEquals(log.of("block list gives no answer"), [
    { zone: "a.test", why: "the DNS server answers REFUSED" },
  ]);
});
