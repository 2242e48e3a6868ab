import { assert, assertEquals } from "@std/assert";
import type { Measure } from "./measures.ts";
import { PEERS } from "./peers.ts";
import { judge, type Target, TARGETS, wantsMore } from "./targets.ts";
import { WORKLOADS } from "./workloads.ts";

const RATIO: Target = {
  what: "delivered",
  workload: "delivered",
  measure: "delivered",
  against: "postfix",
  bound: 5,
  aim: 8,
};

const FIGURE: Target = {
  what: "p99",
  workload: "latency",
  measure: "p99",
  bound: 50,
  aim: 15,
};

function judged(target: Target, ours?: number, theirs?: number) {
  const medians = new Map([["smtpd", ours], ["postfix", theirs]]);
  const { value, verdict } = judge(target, "smtpd", (workload, server) => {
    assertEquals(workload, target.workload);
    return medians.get(server);
  });
  return { value, verdict };
}

Deno.test("judge() holds a ratio against its bounds", () => {
  assertEquals(judged(RATIO, 800, 100), { value: 8, verdict: "aim met" });
  assertEquals(judged(RATIO, 500, 100), { value: 5, verdict: "met" });
  assertEquals(judged(RATIO, 499, 100), { value: 4.99, verdict: "not met" });
});

Deno.test("judge() knows that less latency is better", () => {
  assertEquals(judged(FIGURE, 15), { value: 15, verdict: "aim met" });
  assertEquals(judged(FIGURE, 50), { value: 50, verdict: "met" });
  assertEquals(judged(FIGURE, 51), { value: 51, verdict: "not met" });
});

Deno.test("judge() says nothing of what was not measured", () => {
  const none = { value: undefined, verdict: "not measured" } as const;
  assertEquals(judged(RATIO, 800), none);
  assertEquals(judged(RATIO, undefined, 100), none);
  assertEquals(judged(FIGURE), none);
});

Deno.test("every target is about something that is measured", () => {
  const servers = new Set(PEERS.map(({ name }) => name));
  for (const { workload, measure, against } of TARGETS) {
    const row = WORKLOADS.find(({ name }) => name === workload);
    const shows: readonly Measure[] = row?.shows ?? [];
    assert(shows.includes(measure), `${workload} shows no ${measure}`);
    assert(against === undefined || servers.has(against), against);
  }
});

Deno.test("no target aims at less than its bound", () => {
  for (const target of TARGETS) {
    const { what, bound, aim } = target;
    assert(wantsMore(target) ? aim >= bound : aim <= bound, what);
  }
});
