import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeAttempt,
  decodeEnvelope,
  decodeOrder,
  decodeStates,
  encodeEnvelope,
  encodeStates,
} from "../../../src/queue/sqlite/encoding.ts";
import type { Message } from "../../../src/queue/queue.ts";
import { NEVER } from "../../../src/queue/sqlite/schema.ts";
import { freshStates } from "../../../src/queue/state.ts";
import { letter } from "../fakes.ts";

const { message } = letter(["a@test.ru", "b@test.ru"]);

/** One whose client asked for reports in every way. */
const asking: Message = {
  ...message,
  ret: "HDRS",
  envid: "QQ314159",
  trusted: true,
  recipients: message.recipients.map((recipient) => ({
    ...recipient,
    notify: ["SUCCESS", "FAILURE", "DELAY"],
    orcpt: { type: "rfc822", address: "a@test.ru" },
  })),
};

Deno.test("decodeEnvelope() is the inverse of encodeEnvelope()", () => {
  const bounce = { ...message, from: null, client: null };
  for (const each of [message, bounce, asking]) {
    assertEquals(decodeEnvelope(each.id, encodeEnvelope(each)), each);
  }
});

Deno.test("decodeStates() is the inverse of encodeStates()", () => {
  const [fresh] = freshStates(message);
  const states = [fresh!, { ...fresh!, warned: true } as const];
  assertEquals(decodeStates(encodeStates(states)), states);
});

Deno.test("decodeEnvelope() refuses any field damaged", () => {
  const fields = JSON.parse(encodeEnvelope(message));
  for (const name of Object.keys(fields)) {
    for (const value of [undefined, {}, [], [null], 0.5, "?\0"]) {
      // Any text will do for a session, and nothing else is free.
      if (name === "session" && typeof value === "string") continue;
      assertThrows(
        () =>
          decodeEnvelope(
            message.id,
            JSON.stringify({ ...fields, [name]: value }),
          ),
        SyntaxError,
        undefined,
        `${name} = ${JSON.stringify(value)}`,
      );
    }
  }
});

Deno.test("decodeEnvelope() refuses what was asked of reports damaged", () => {
  const { recipients: [recipient], ...fields } = JSON.parse(
    encodeEnvelope(asking),
  );
  const refuse = (more: Readonly<Record<string, unknown>>) => {
    const recipients = [{ ...recipient, ...more }];
    const text = JSON.stringify({ ...fields, recipients, ...more });
    assertThrows(
      () => decodeEnvelope(message.id, text),
      SyntaxError,
      undefined,
      text,
    );
  };
  for (const name of ["ret", "envid", "trusted", "notify", "orcpt"]) {
    for (const value of [null, {}, [null], 0.5, ["FULL"]]) {
      refuse({ [name]: value });
    }
  }
});

Deno.test("decodeEnvelope() refuses text cut anywhere", () => {
  const text = encodeEnvelope(message);
  for (let length = 0; length < text.length; length++) {
    assertThrows(
      () => decodeEnvelope(message.id, text.slice(0, length)),
      SyntaxError,
    );
  }
});

Deno.test("decodeStates() refuses any field damaged", () => {
  const [fields] = freshStates(message);
  for (const name of Object.keys(fields!)) {
    for (const value of [undefined, {}, [], true]) {
      const text = JSON.stringify([{ ...fields, [name]: value }]);
      assertThrows(() => decodeStates(text), SyntaxError, undefined, text);
    }
  }
  for (const text of ["", "null", "{}", "[1]", '[{"status"']) {
    assertThrows(() => decodeStates(text), SyntaxError, undefined, text);
  }
});

Deno.test("decodeStates() refuses a damaged mark of a warning", () => {
  const [fresh] = freshStates(message);
  for (const warned of [null, false, "true", 1]) {
    const text = JSON.stringify([{ ...fresh, warned }]);
    assertThrows(() => decodeStates(text), SyntaxError, undefined, text);
  }
});

Deno.test("decodeOrder() knows the orders that stand, and none", () => {
  const DUE = 1;
  assertEquals(decodeOrder("hold", NEVER), "hold");
  assertEquals(decodeOrder("bounce", DUE), "bounce");
  assertEquals(decodeOrder(null, DUE), undefined);
});

Deno.test("decodeOrder() knows a message that is held when the word is damaged", () => {
  for (const word of ["", "hole", 1, null, undefined]) {
    assertEquals(decodeOrder(word, NEVER), "hold");
    assertEquals(decodeOrder(word, 1), undefined);
  }
});

Deno.test("decodeAttempt() refuses a status that no try ends with", () => {
  assertThrows(() => decodeAttempt({ status: "waiting" }), SyntaxError);
});
