import { assert, assertEquals } from "@std/assert";
import {
  markdown,
  plainTargets,
  plainWorkload,
  type Results,
} from "./report.ts";
import type { Run } from "./run.ts";
import { WORKLOADS } from "./workloads.ts";

const DELIVERED = WORKLOADS.find(({ name }) => name === "delivered")!;

const RUNS: readonly Run[] = [
  {
    workload: "delivered",
    server: "smtpd",
    figures: { delivered: 2_500, accepted: 2_600, cpu: 0.4, peak: 98.4 },
    errors: [],
  },
  {
    workload: "delivered",
    server: "postfix",
    figures: { delivered: 250, accepted: 400, cpu: 2.31, peak: 160 },
    errors: [],
  },
  {
    workload: "delivered",
    server: "haraka",
    figures: {},
    errors: ["Error: no\n  greeting"],
  },
];

const RESULTS: Results = {
  command: "deno task bench:load",
  date: "2026-11-23T05:00:16.000Z",
  rounds: 1,
  machine: {
    cores: 2,
    cpu: "Some CPU",
    memory: "4 GiB",
    kernel: "Linux 6.1",
    fileSystem: "ext4 on /dev/sda",
  },
  versions: { smtpd: "0.1.0", postfix: "3.7.11", haraka: "3.3.4" },
  absent: { aiosmtpd: "no module aiosmtpd for Python" },
  runs: RUNS,
};

Deno.test("plainWorkload() sets servers side by side, and tells what failed", () => {
  assertEquals(plainWorkload(DELIVERED, RUNS), [
    "delivered: 4 KiB to Maildir, 50 sessions, connections reused",
    "  server   delivered/s  accepted/s  CPU ms/message  peak MiB    runs  smtpd ahead",
    "  smtpd          2,500       2,600            0.40        98       1",
    "  postfix          250         400            2.31       160       1      10.00 ×",
    "  haraka                                                      0 of 1",
    "  haraka failed: Error: no greeting",
  ]);
});

Deno.test("plainTargets() says which targets are met", () => {
  const [, first, second] = plainTargets(RUNS);
  assert(/to postfix +≥ 5.00 × +≥ 8.00 × +10.00 × +aim met$/.test(first!));
  assert(/a connection each.* not measured$/.test(second!));
});

Deno.test("markdown() tells on what, by which command and of which versions", () => {
  const text = markdown(RESULTS, WORKLOADS);
  for (
    const fact of [
      "`deno task bench:load`",
      "2 cores, Some CPU",
      "ext4 on /dev/sda",
      "postfix: 3.7.11",
      "aiosmtpd: left out, no module",
      "## delivered",
      "- haraka failed: Error: no greeting",
    ]
  ) assert(text.includes(fact), fact);
  assert(!text.includes("## relayed"));
});
