import { assertEquals } from "@std/assert";
import {
  type Greylist,
  makeGreylist,
  type Sighting,
  type Triplet,
} from "../../src/policy/greylist.ts";
import { parseMailbox } from "../../src/smtp/address.ts";
import { GREYLISTED } from "../../src/smtp/replies.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DELAY = 5 * MINUTE;
const START = Date.UTC(2026, 0, 1);

/** A greylist of five minutes, and what its memory was told. */
function setting(sightings: readonly Sighting[] = []) {
  const time = { now: START };
  const told = { times: 0, sightings: sightings as Iterable<Sighting> };
  const memory = {
    sightings,
    keep(sightings: Iterable<Sighting>) {
      told.times++;
      told.sightings = sightings;
    },
  };
  const clock = { now: () => time.now };
  return { time, told, list: makeGreylist({ delay: DELAY, clock, memory }) };
}

interface Whom {
  readonly address?: string;
  readonly from?: string;
  readonly to?: string;
}

function triplet(
  {
    address = "192.0.2.1",
    from = "vasya@another.test",
    to = "petya@test.ru",
  }: Whom,
): Triplet {
  const sender = from === "" ? null : parseMailbox(from)!;
  const recipient = to === "postmaster"
    ? { local: "postmaster", domain: "" }
    : parseMailbox(to)!;
  return { address, from: sender, to: recipient };
}

/** Whether a triplet passes; otherwise the reply must be the one for it. */
function passes(list: Greylist, whom: Whom = {}): boolean {
  const reply = list.judge(triplet(whom));
  if (reply !== undefined) assertEquals(reply, GREYLISTED);
  return reply === undefined;
}

/** Lets as many triplets pass as it takes senders. */
function letPass(
  { time, list }: Pick<ReturnType<typeof setting>, "time" | "list">,
  senders: readonly string[],
): void {
  for (const from of senders) assertEquals(passes(list, { from }), false, from);
  time.now += DELAY;
  for (const from of senders) assertEquals(passes(list, { from }), true, from);
}

Deno.test("judge() turns a triplet away until the delay is over", () => {
  const { time, list } = setting();
  assertEquals(passes(list), false);
  time.now += DELAY - 1;
  assertEquals(passes(list), false);
  time.now += 1;
  assertEquals(passes(list), true);
  assertEquals(passes(list), true);
});

Deno.test("judge() lets a triplet pass that comes back at the last moment", () => {
  const { time, list } = setting();
  passes(list);
  time.now += DELAY + 2 * DAY;
  assertEquals(passes(list), true);
});

Deno.test("judge() begins anew with a triplet that comes back too late", () => {
  const { time, list } = setting();
  passes(list);
  time.now += DELAY + 2 * DAY + 1;
  assertEquals(passes(list), false);
  time.now += DELAY - 1;
  assertEquals(passes(list), false);
  time.now += 1;
  assertEquals(passes(list), true);
});

Deno.test("judge() knows a triplet for 36 days from its last mail", () => {
  const { time, list } = setting();
  letPass({ time, list }, ["vasya@another.test"]);
  for (let times = 0; times < 3; times++) {
    time.now += 36 * DAY;
    assertEquals(passes(list), true);
  }
  time.now += 36 * DAY + 1;
  assertEquals(passes(list), false);
});

/** Others than vasya@another.test from 192.0.2.1 to petya@test.ru, and whether that lets them pass. */
const OTHERS: readonly (readonly [string, Whom, boolean])[] = [
  ["an address of the same /24", { address: "192.0.2.255" }, true],
  ["the same address inside IPv6", { address: "::ffff:192.0.2.1" }, true],
  ["the next /24", { address: "192.0.3.1" }, false],
  ["an IPv6 address", { address: "2001:db8::1" }, false],
  ["another sender", { from: "vasya@other.test" }, false],
  ["the null sender", { from: "" }, false],
  ["another recipient", { to: "ivan@test.ru" }, false],
  ["the postmaster", { to: "postmaster" }, false],
  ["the sender in capitals", { from: "VASYA@Another.test" }, true],
  ["the recipient in capitals", { to: "Petya@TEST.RU" }, true],
];

for (const [what, whom, expected] of OTHERS) {
  Deno.test(`judge() ${expected ? "takes for the same" : "tells apart"} ${what}`, () => {
    const { time, list } = setting();
    letPass({ time, list }, ["vasya@another.test"]);
    assertEquals(passes(list, whom), expected);
  });
}

Deno.test("judge() takes an IPv6 /64 for one client", () => {
  const { time, list } = setting();
  passes(list, { address: "2001:db8::1" });
  time.now += DELAY;
  assertEquals(passes(list, { address: "2001:db8:0:1::1" }), false);
  assertEquals(passes(list, { address: "2001:db8::ffff:2:3:4" }), true);
});

Deno.test("judge() tells quoted paths apart from several", () => {
  const { time, list } = setting();
  passes(list, { from: '"> <x"@a.test', to: "b@test.ru" });
  time.now += DELAY;
  assertEquals(passes(list, { from: "x@a.test", to: "b@test.ru" }), false);
  assertEquals(
    passes(list, { from: '"> <x"@a.test', to: "b@test.ru" }),
    true,
  );
});

const FIVE = ["a@a.test", "b@b.test", "c@c.test", "d@d.test", "e@e.test"];

Deno.test("judge() trusts a network of which five triplets passed", () => {
  const { time, list } = setting();
  letPass({ time, list }, FIVE.slice(0, 4));
  assertEquals(passes(list, { from: "new@new.test" }), false);
  letPass({ time, list }, FIVE.slice(4));
  assertEquals(passes(list, { from: "new@new.test" }), true);
  assertEquals(passes(list, { from: "", to: "ivan@test.ru" }), true);
  assertEquals(passes(list, { address: "192.0.3.1" }), false);
});

Deno.test("judge() doesn't trust a network for one triplet that comes often", () => {
  const { time, list } = setting();
  letPass({ time, list }, ["vasya@another.test"]);
  for (let times = 0; times < 9; times++) assertEquals(passes(list), true);
  assertEquals(passes(list, { from: "new@new.test" }), false);
});

Deno.test("judge() trusts a network for 36 days from its last mail", () => {
  const { time, list } = setting();
  letPass({ time, list }, FIVE);
  time.now += 36 * DAY;
  assertEquals(passes(list, { from: "new@new.test" }), true);
  time.now += 36 * DAY;
  assertEquals(passes(list, { from: "newer@new.test" }), true);
  time.now += 36 * DAY + 1;
  assertEquals(passes(list, { from: "newest@new.test" }), false);
});

Deno.test("judge() tells its memory of changes only", () => {
  const { time, told, list } = setting();
  assertEquals(told.times, 0);
  passes(list);
  assertEquals(told.times, 1);
  passes(list);
  assertEquals(told.times, 1);
  time.now += DELAY;
  passes(list);
  assertEquals(told.times, 2);
  time.now += DAY;
  passes(list);
  assertEquals(told.times, 3);
});

Deno.test("judge() tells its memory who is waiting and who is known", () => {
  const { time, told, list } = setting();
  passes(list);
  passes(list, { from: "", address: "2001:db8::1", to: "postmaster" });
  time.now += DELAY;
  passes(list);
  assertEquals([...told.sightings], [
    { who: "2001:db8::/64 <> <postmaster>", at: START, passes: 0 },
    {
      who: "192.0.2.0/24 <vasya@another.test> <petya@test.ru>",
      at: START + DELAY,
      passes: 1,
    },
    { who: "192.0.2.0/24", at: START + DELAY, passes: 1 },
  ]);
});

Deno.test("makeGreylist() goes on where another stopped", () => {
  const before = setting();
  letPass(before, FIVE.slice(0, 4));
  passes(before.list, { from: FIVE[4]! });

  const { time, list } = setting([...before.told.sightings]);
  time.now = before.time.now + DELAY;
  for (const from of FIVE) assertEquals(passes(list, { from }), true, from);
  assertEquals(passes(list, { from: "new@new.test" }), true);
});

Deno.test("makeGreylist() doesn't believe sightings from the future", () => {
  const who = "192.0.2.0/24 <vasya@another.test> <petya@test.ru>";
  const waiting = setting([{ who, at: START + 99 * DAY, passes: 0 }]);
  waiting.time.now += DELAY;
  assertEquals(passes(waiting.list), true);

  const known = setting([{ who, at: START + 99 * DAY, passes: 1 }]);
  known.time.now += 36 * DAY + 1;
  assertEquals(passes(known.list), false);
});

Deno.test("judge() forgets who is no longer of use", () => {
  const { time, told, list } = setting();
  letPass({ time, list }, ["vasya@another.test"]);
  passes(list, { from: "waits@another.test" });
  time.now += 37 * DAY;
  passes(list, { address: "192.0.3.1" });
  time.now += DELAY;
  passes(list, { address: "192.0.3.1" });
  assertEquals([...told.sightings].map(({ who }) => who), [
    "192.0.3.0/24 <vasya@another.test> <petya@test.ru>",
    "192.0.3.0/24",
  ]);
});

Deno.test("judge() forgets the first of too many strangers and nobody it knows", () => {
  const { time, told, list } = setting();
  letPass({ time, list }, ["vasya@another.test"]);
  passes(list, { from: "first@a.test" });
  passes(list, { from: "second@a.test" });
  for (let number = 0; number < 49_999; number++) {
    list.judge(triplet({ from: `s${number}@flood.test` }));
  }
  assertEquals([...told.sightings].length, 50_000 + 2);
  time.now += DELAY;
  assertEquals(passes(list), true);
  assertEquals(passes(list, { from: "second@a.test" }), true);
  assertEquals(passes(list, { from: "first@a.test" }), false);
});
