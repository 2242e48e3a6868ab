import { assertEquals } from "@std/assert";
import type { Run } from "./run.ts";
import { medianIn, ratio, summarize } from "./summary.ts";

function run(server: string, delivered: number, ...errors: string[]): Run {
  return { workload: "delivered", server, figures: { delivered }, errors };
}

const RUNS = [
  run("smtpd", 1_000),
  run("postfix", 100),
  run("smtpd", 3_000),
  run("postfix", 9_999, "Refused"),
  run("smtpd", 2_000),
  run("postfix", 300),
];

Deno.test("summarize() takes medians of the good runs only", () => {
  assertEquals(summarize(RUNS), [
    {
      workload: "delivered",
      server: "smtpd",
      good: 3,
      made: 3,
      errors: [],
      medians: { delivered: 2_000 },
    },
    {
      workload: "delivered",
      server: "postfix",
      good: 2,
      made: 3,
      errors: ["Refused"],
      medians: { delivered: 200 },
    },
  ]);
});

Deno.test("medianIn() finds a median, or that there is none", () => {
  const summaries = summarize(RUNS);
  const median = (...[workload, server]: readonly [string, string]) =>
    medianIn(summaries, workload, server, "delivered");
  assertEquals(median("delivered", "postfix"), 200);
  assertEquals(median("relayed", "postfix"), undefined);
  assertEquals(median("delivered", "haraka"), undefined);
});

Deno.test("ratio() is above 1 where we are ahead, more or less being better", () => {
  const [ours, theirs] = summarize([
    { workload: "a", server: "smtpd", figures: { p99: 5, cpu: 1 }, errors: [] },
    { workload: "a", server: "other", figures: { p99: 20 }, errors: [] },
  ]);
  assertEquals(ratio("p99", ours, theirs!), 4);
  assertEquals(ratio("cpu", ours, theirs!), undefined);
  const [smtpd, postfix] = summarize(RUNS);
  assertEquals(ratio("delivered", smtpd, postfix!), 10);
});
