import { assertEquals, assertThrows } from "@std/assert";
import { CLIENT_MECHANISMS, saslClient } from "../../src/sasl/client.ts";
import type { Credentials } from "../../src/sasl/exchange.ts";

const NONE = { permissions: "none" } as const;
const PETYA: Credentials = {
  user: "petya",
  password: () => "tanstaaftanstaaf",
};
const NO_INITIAL_RESPONSE = { response: undefined };

Deno.test("saslClient() knows what CLIENT_MECHANISMS names", NONE, () => {
  for (const mechanism of CLIENT_MECHANISMS) saslClient(mechanism, PETYA);
  assertThrows(
    () => saslClient("CRAM-MD5", PETYA),
    RangeError,
    "Cannot authenticate: no mechanism CRAM-MD5",
  );
});

Deno.test("PLAIN says all in its initial response", NONE, () => {
  // RFC 4616 §4, but for the name.
  const answer = saslClient("PLAIN", { ...PETYA, user: "tim" });
  assertEquals(answer(undefined), {
    response: "AHRpbQB0YW5zdGFhZnRhbnN0YWFm",
  });
});

Deno.test("PLAIN sends UTF-8", NONE, () => {
  const answer = saslClient("PLAIN", {
    user: "петя",
    password: () => "пароль",
  });
  assertEquals(answer(undefined), {
    response: "ANC/0LXRgtGPANC/0LDRgNC+0LvRjA==",
  });
});

Deno.test("PLAIN waits for a line of its own if need be", NONE, () => {
  const whole = new Set<boolean>();
  for (let length = 350; length < 380; length++) {
    const password = "x".repeat(length);
    const answer = saslClient("PLAIN", { ...PETYA, password: () => password });
    const message = { response: btoa(`\0petya\0${password}`) };
    const fits = `AUTH PLAIN ${message.response}\r\n`.length <= 512;
    assertEquals(answer(undefined), fits ? message : NO_INITIAL_RESPONSE);
    if (!fits) assertEquals(answer(""), message);
    whole.add(fits);
  }
  assertEquals(whole, new Set([true, false]));
});

Deno.test(
  "LOGIN says the name and the password, whatever it is asked",
  NONE,
  () => {
    const answer = saslClient("LOGIN", PETYA);
    assertEquals(answer(undefined), NO_INITIAL_RESPONSE);
    assertEquals(answer(btoa("User Name\0")), { response: btoa("petya") });
    assertEquals(answer(""), { response: btoa("tanstaaftanstaaf") });
  },
);

for (
  const { mechanism, challenges } of [
    { mechanism: "PLAIN", challenges: [undefined, ""] },
    { mechanism: "LOGIN", challenges: [undefined, "", "", ""] },
  ]
) {
  Deno.test(`${mechanism} ends when it is asked for more`, NONE, () => {
    const answer = saslClient(mechanism, PETYA);
    const last = challenges.map(answer).at(-1);
    assertEquals(last, { cancel: `${mechanism} has nothing more to say` });
  });
}
