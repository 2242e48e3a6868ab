import { assertEquals, assertThrows } from "@std/assert";
import { saslServer, SERVER_MECHANISMS } from "../../src/sasl/server.ts";
import { CLIENT_MECHANISMS, saslClient } from "../../src/sasl/client.ts";
import { scramMeans } from "../../src/store/scram_means.ts";
import { play, type Told, type World } from "./exchanges.ts";

const NONE = { permissions: "none" } as const;
const WORLD: World = { password: "tanstaaftanstaaf" };
const MALFORMED: Told = { kind: "refused", why: "malformed" };
const WRONG: Told = { kind: "refused", why: "credentials" };
const FORBIDDEN: Told = { kind: "refused", why: "authorization" };
const TIM: Told = { kind: "done", name: "tim" };

Deno.test("saslServer() knows what SERVER_MECHANISMS names", NONE, () => {
  for (const mechanism of SERVER_MECHANISMS) {
    assertEquals(
      saslServer(mechanism, undefined, scramMeans).kind,
      "challenge",
    );
  }
  assertThrows(
    () => saslServer("CRAM-MD5", undefined, scramMeans),
    RangeError,
    "Cannot authenticate: no mechanism CRAM-MD5",
  );
});

Deno.test("PLAIN takes the message at once or when it is asked", NONE, () => {
  // RFC 4616 §4
  const message = "\0tim\0tanstaaftanstaaf";
  assertEquals(play("PLAIN", [message], WORLD), [TIM]);
  assertEquals(play("PLAIN", [undefined, message], WORLD), ["", TIM]);
});

Deno.test("PLAIN hands on name and password to the letter", NONE, () => {
  const message = btoa("\0 Tim=x@T \0 a,b= \x01");
  const step = saslServer("PLAIN", message, scramMeans);
  assertEquals(step.kind === "password" && [step.name, step.password], [
    " Tim=x@T ",
    " a,b= \x01",
  ]);
});

Deno.test("PLAIN lets everybody act for themselves only", NONE, () => {
  const cases: Record<string, Told> = {
    "tim\0tim\0tanstaaftanstaaf": TIM,
    "TIM\0tim\0tanstaaftanstaaf": TIM,
    "tim\0tim\0wrong": WRONG,
    "Ursel\0Kurt\0xipj3plmq": FORBIDDEN, // RFC 4616 §4
    "tim@test.ru\0tim\0tanstaaftanstaaf": FORBIDDEN,
  };
  for (const [message, outcome] of Object.entries(cases)) {
    assertEquals(play("PLAIN", [message], WORLD), [outcome], message);
  }
});

Deno.test(
  "PLAIN takes a name in any Unicode composition for the same",
  NONE,
  () => {
    const [one, other] = ["caf\u00c9", "cafe\u0301"];
    const outcome = play(
      "PLAIN",
      [`${one}\0${other}\0${WORLD.password}`],
      WORLD,
    );
    assertEquals(outcome, [{ kind: "done", name: other }]);
  },
);

Deno.test("PLAIN refuses what is not name and password", NONE, () => {
  const messages = [
    "",
    "\0",
    "tim",
    "tim\0",
    "tim\0tanstaaftanstaaf",
    "\0tim",
    "\0tim\0",
    "\0\0tanstaaftanstaaf",
    "\0\0",
    "tim\0\0tanstaaftanstaaf",
    "\0tim\0tanstaaftanstaaf\0",
    "\0tim\0tanstaaf\0tanstaaf",
    "\0\0tim\0tanstaaftanstaaf",
  ];
  for (const message of messages) {
    assertEquals(play("PLAIN", [message], WORLD), [MALFORMED], message);
  }
});

Deno.test("LOGIN asks for the name and for the password", NONE, () => {
  const password = WORLD.password!;
  assertEquals(play("LOGIN", [undefined, "tim", password], WORLD), [
    "Username:",
    "Password:",
    TIM,
  ]);
  assertEquals(play("LOGIN", ["tim", password], WORLD), ["Password:", TIM]);
  assertEquals(play("LOGIN", ["tim", "tim"], WORLD), ["Password:", WRONG]);
});

Deno.test("LOGIN asks by the letters that clients know", NONE, () => {
  const step = saslServer("LOGIN", undefined, scramMeans);
  if (step.kind !== "challenge") throw new Error(step.kind);
  assertEquals(step.challenge, "VXNlcm5hbWU6");
  const next = step.respond(btoa("tim"));
  assertEquals(next.kind === "challenge" && next.challenge, "UGFzc3dvcmQ6");
});

Deno.test("LOGIN refuses a name or password that nobody has", NONE, () => {
  for (const word of ["", "\0", "ti\0m"]) {
    assertEquals(play("LOGIN", [word]), [MALFORMED]);
    assertEquals(play("LOGIN", [undefined, word]), ["Username:", MALFORMED]);
    assertEquals(play("LOGIN", ["tim", word]), ["Password:", MALFORMED]);
  }
});

const NOT_TEXT = {
  "nothing where = is meant": "==",
  "a character too few": "AHRpbQB0Y",
  "no padding": "AHRpbQB0YQ",
  "padding too short": "AHRpbQB0YQ=",
  "padding too long": "AHRpbQB0YQ===",
  "padding inside": "AHRpbQ==AHRpbQ==",
  "bits too many": "AHRpbQB0YR==",
  "the alphabet for addresses": "AHRpbQD_-A==",
  "a space": "AHRp bQB0",
  "a space at the end": "AHRpbQB0 ",
  "a line break": "AHRpbQB0\n",
  "not UTF-8": btoa("\0tim\0\xff"),
  "a surrogate": btoa("\0tim\0\xed\xa0\x80"),
  "UTF-8 longer than need be": btoa("\0tim\0\xc1\x81"),
  "more than a line holds": "A".repeat(12_292),
};

for (const mechanism of SERVER_MECHANISMS) {
  for (const [name, line] of Object.entries(NOT_TEXT)) {
    Deno.test(`${mechanism} refuses ${name}`, NONE, () => {
      assertEquals(play(mechanism, [[line]]), [MALFORMED]);
      assertEquals(play(mechanism, [undefined, [line]]).at(-1), MALFORMED);
    });
  }
}

Deno.test(
  "saslServer() takes = for an empty message at the start only",
  NONE,
  () => {
    assertEquals(play("LOGIN", [["="]]), [MALFORMED]);
    assertEquals(play("PLAIN", [undefined, ["="]]), ["", MALFORMED]);
  },
);

Deno.test(
  "saslServer() keeps a byte order mark, a letter of a password like others",
  NONE,
  () => {
    const outcome = play("LOGIN", ["tim", "\ufeffx"], { password: "\ufeffx" });
    assertEquals(outcome, ["Password:", TIM]);
  },
);

Deno.test("saslServer() takes as much as a line holds", NONE, () => {
  const password = "x".repeat(12_288 / 4 * 3 - "\0tim\0".length);
  assertEquals(play("PLAIN", [`\0tim\0${password}`], { password }), [TIM]);
});

for (const mechanism of CLIENT_MECHANISMS) {
  Deno.test(`our client and server agree on ${mechanism}`, NONE, () => {
    const credentials = { user: "tim", password: () => WORLD.password! };
    const client = saslClient(mechanism, credentials);
    const answer = (challenge?: string) => {
      const said = client(challenge);
      if (!("response" in said)) throw new Error(said.cancel);
      return said.response;
    };
    let step = saslServer(mechanism, answer(), scramMeans);
    while (step.kind === "challenge") {
      step = step.respond(answer(step.challenge)!);
    }
    assertEquals(step.kind === "password" && [step.name, step.password], [
      "tim",
      WORLD.password,
    ]);
  });
}
