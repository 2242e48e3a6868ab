import { assertEquals } from "@std/assert";
import { type Door, doorsOf } from "../../src/server/doors.ts";

const NONE = { permissions: "none" } as const;

const SUBMISSION: Door = {
  setting: "submission-port",
  port: 587,
  implicitTls: false,
  login: "required",
};

const SUBMISSIONS: Door = {
  setting: "submissions-port",
  port: 465,
  implicitTls: true,
  login: "required",
};

function mailDoor(login: "offered" | "no"): Door {
  return { setting: "port", port: 25, implicitTls: false, login };
}

/** The ports for people, and the doors of a server that has them. */
const ROWS: readonly (readonly [
  number | undefined,
  number | undefined,
  readonly Door[],
])[] = [
  [undefined, undefined, [mailDoor("offered")]],
  [587, undefined, [mailDoor("no"), SUBMISSION]],
  [undefined, 465, [mailDoor("no"), SUBMISSIONS]],
  [587, 465, [mailDoor("no"), SUBMISSION, SUBMISSIONS]],
  // 0 is a port that the system picks.
  [0, undefined, [mailDoor("no"), { ...SUBMISSION, port: 0 }]],
  [undefined, 0, [mailDoor("no"), { ...SUBMISSIONS, port: 0 }]],
];

for (const [submissionPort, submissionsPort, doors] of ROWS) {
  const ports = `25, ${submissionPort ?? "none"}, ${submissionsPort ?? "none"}`;
  Deno.test(`doorsOf() opens doors at ports ${ports}`, NONE, () => {
    assertEquals(doorsOf({ port: 25, submissionPort, submissionsPort }), doors);
  });
}
