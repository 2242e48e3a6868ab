import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeEnvelope,
  decodeStates,
  encodeEnvelope,
  encodeStates,
} from "../../src/queue/row.ts";
import { freshStates } from "../../src/queue/state.ts";
import { letter } from "./fakes.ts";

const { message } = letter(["a@test.ru", "b@test.ru"]);

Deno.test("decodeEnvelope() is the inverse of encodeEnvelope()", () => {
  const bounce = { ...message, from: null, client: null };
  for (const each of [message, bounce]) {
    assertEquals(decodeEnvelope(each.id, encodeEnvelope(each)), each);
  }
});

Deno.test("decodeStates() is the inverse of encodeStates()", () => {
  const states = freshStates(message);
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
