import { assertEquals, assertThrows } from "@std/assert";
import { OK } from "../../src/smtp/replies.ts";
import {
  INITIAL,
  type Input,
  type Phase,
  type State,
} from "../../src/smtp/state.ts";
import { transition } from "../../src/smtp/transition.ts";
import { CONFIG } from "../transcripts/transcript.ts";

const NONE = { permissions: "none" } as const;

const INPUTS: readonly Input[] = [
  { on: "command", command: { verb: "NOOP", argument: "" } },
  { on: "response", text: "*" },
  { on: "bad line", fault: "too long" },
  { on: "octets", count: 1 },
  { on: "end", fault: undefined },
  { on: "answer", reply: OK },
  { on: "secured" },
];

/** Which of them can happen in which phase. */
const POSSIBLE: readonly (readonly [phase: Phase, ...inputs: Input["on"][]])[] =
  [
    [{ name: "command" }, "command", "bad line"],
    [{ name: "asking", question: { ask: "connect" } }, "answer"],
    [{ name: "auth", mechanism: "PLAIN" }, "response", "bad line"],
    [{ name: "data" }, "octets", "end"],
    [
      { name: "chunk", size: 1, left: 1, last: false },
      "octets",
      "end",
    ],
    [{ name: "handshake" }, "secured"],
  ];

const TRANSACTION: Pick<State, "envelope" | "helo"> = {
  helo: "client.example",
  envelope: {
    from: null,
    parameters: { body: "7BIT", smtputf8: false },
    to: [{ mailbox: { local: "a", domain: "b" } }],
  },
};

Deno.test("transition() throws at what can't happen", NONE, () => {
  for (const [phase, ...possible] of POSSIBLE) {
    for (const input of INPUTS) {
      const step = () =>
        transition({ ...INITIAL, ...TRANSACTION, phase }, input, CONFIG);
      if (possible.includes(input.on)) step();
      else {assertThrows(
          step,
          TypeError,
          `the session is in phase "${phase.name}"`,
        );}
    }
  }
});

Deno.test("transition() leaves a session that is over alone", NONE, () => {
  const closed: State = { ...INITIAL, phase: { name: "closed" } };
  for (
    const input of [
      ...INPUTS,
      { on: "timeout" },
      { on: "shutdown" },
      { on: "dismissal", reply: OK },
    ] as const
  ) {
    assertEquals(transition(closed, input, CONFIG), { state: closed });
  }
});

Deno.test(
  "transition() ends any session, and drops only what nobody answers for",
  NONE,
  () => {
    const drops = (state: Partial<State>) => {
      const before = { ...INITIAL, ...TRANSACTION, ...state };
      const step = transition(before, { on: "shutdown" }, CONFIG);
      assertEquals(step.state.phase, { name: "closed" });
      assertEquals(step.state.envelope, undefined);
      return step.discard ?? false;
    };
    const { envelope } = TRANSACTION;
    assertEquals(drops({}), false);
    assertEquals(drops({ phase: { name: "command" } }), false);
    assertEquals(drops({ phase: { name: "command" }, chunking: true }), true);
    assertEquals(drops({ phase: { name: "data" } }), true);
    for (const chunking of [false, true]) {
      const asking: Phase = {
        name: "asking",
        question: { ask: "commit", envelope: envelope! },
      };
      assertEquals(drops({ phase: asking, chunking }), false);
      const chunk: Phase = { name: "chunk", size: 9, left: 5, last: false };
      assertEquals(drops({ phase: chunk, chunking }), chunking);
    }
  },
);
