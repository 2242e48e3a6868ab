import { assertEquals } from "@std/assert";
import {
  isReportDue,
  type ReportQuestion,
} from "../../src/message/dsn_policy.ts";
import type { NotifyOn } from "../../src/smtp/dsn_parameters.ts";

const SENDER = { local: "petya", domain: "test.ru" };

const OUTCOMES = [
  "failed",
  "delayed",
  "delivered",
  "relayed",
  "expanded",
  "passed on",
] as const satisfies readonly ReportQuestion["outcome"][];

const EVERYTHING: readonly NotifyOn[] = ["SUCCESS", "FAILURE", "DELAY"];

/** For each NOTIFY, what is reported to a sender we trust. */
const TABLE: readonly (readonly [
  readonly NotifyOn[] | undefined,
  readonly ReportQuestion["outcome"][],
])[] = [
  [undefined, ["failed", "delayed"]],
  [[], []],
  [["FAILURE"], ["failed"]],
  [["DELAY"], ["delayed"]],
  [["SUCCESS"], ["delivered", "relayed", "expanded"]],
  [EVERYTHING, ["failed", "delayed", "delivered", "relayed", "expanded"]],
];

function reported(
  question: Omit<ReportQuestion, "outcome">,
): readonly string[] {
  return OUTCOMES.filter((outcome) => isReportDue({ ...question, outcome }));
}

Deno.test("isReportDue() does as NOTIFY says, or by default reports what went wrong", () => {
  for (const [notify, expected] of TABLE) {
    assertEquals(
      reported({ sender: SENDER, trusted: true, notify }),
      expected,
      String(notify),
    );
  }
});

Deno.test("isReportDue() tells strangers of no success", () => {
  for (const [notify, expected] of TABLE) {
    assertEquals(
      reported({ sender: SENDER, trusted: false, notify }),
      expected.filter((it) => it === "failed" || it === "delayed"),
      String(notify),
    );
  }
});

Deno.test("isReportDue() never reports to the null reverse-path", () => {
  for (const notify of [undefined, EVERYTHING]) {
    assertEquals(reported({ sender: null, trusted: true, notify }), []);
  }
});
