import { assert, assertEquals } from "@std/assert";
import type { ClientConfig } from "../../src/smtp/client_opening.ts";
import {
  brief,
  DROP,
  offering,
  play,
  type Script,
  STALL,
} from "./client_play.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

const WITH_TLS = { EHLO: [offering("STARTTLS"), offering("PIPELINING")] };
const REQUIRE = { tls: "require" } as const;
const OPPORTUNISTIC = { tls: "opportunistic" } as const;

for (const tls of ["opportunistic", "require"] as const) {
  for (const handshake of ["verified", "unverified"] as const) {
    test(`secured() starts over, ${handshake}, when TLS is ${tls}`, () => {
      const { heard, outcomes, session, dialogue } = play({
        config: { tls },
        script: WITH_TLS,
        handshake,
      });
      assertEquals(heard.slice(0, 4), [
        "EHLO me.test",
        "STARTTLS",
        "EHLO me.test",
        "MAIL FROM:<vasya@another.test>",
      ]);
      assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
      assertEquals(session.state.tls, handshake);
      assert(session.state.extensions.pipelining);
      assert(!session.state.extensions.startTls);
      const known = handshake === "verified" ? "verified" : "not verified";
      assertEquals(dialogue[6], `-- TLS is on, certificate ${known}`);
    });
  }

  test(`handshakeFailed() defers all when TLS is ${tls}`, () => {
    const { outcomes, heard, effects } = play({
      config: { tls },
      script: WITH_TLS,
      handshake: { broken: "certificate has expired" },
    });
    assertEquals(brief(outcomes[0]), ["deferred host handshake 451 4.7.5"]);
    assertEquals(
      outcomes[0]![0]!.reply.text,
      "TLS handshake failed: certificate has expired",
    );
    assertEquals(heard.at(-1), "STARTTLS");
    assertEquals(effects, ["handshake", "outcome", "close"]);
  });

  for (const behind of ["250 Injected", "2", "\r\n"]) {
    test(`next() drops a connection with ${JSON.stringify(behind)} behind STARTTLS when TLS is ${tls}`, () => {
      const { outcomes, heard, effects } = play({
        config: { tls },
        script: { ...WITH_TLS, STARTTLS: `220 Go on\r\n${behind}` },
      });
      assertEquals(brief(outcomes[0]), ["deferred host starttls 451 4.7.0"]);
      assertEquals(heard.at(-1), "STARTTLS");
      assertEquals(effects, ["outcome", "close"]);
    });
  }

  for (const act of [DROP, STALL, "421 4.3.2 Bye", "hm", "354 Go"]) {
    test(`next() defers all on ${JSON.stringify(act)} at STARTTLS when TLS is ${tls}`, () => {
      const { outcomes, effects } = play({
        config: { tls },
        script: { ...WITH_TLS, STARTTLS: act },
      });
      assertEquals(outcomes[0]![0]!.status, "deferred");
      assertEquals(outcomes[0]![0]!.scope, "host");
      assertEquals(outcomes[0]![0]!.at, "starttls");
      assertEquals(effects, ["outcome", "close"]);
    });
  }
}

test("next() needs no TLS that is not offered when TLS is opportunistic", () => {
  const { heard, outcomes, session } = play({ config: OPPORTUNISTIC });
  assertEquals(heard[1], "MAIL FROM:<vasya@another.test>");
  assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
  assertEquals(session.state.tls, "off");
});

test("next() sends nothing without TLS when TLS is required", () => {
  for (const script of [{}, { EHLO: "500 What?" }]) {
    const { heard, outcomes } = play({ config: REQUIRE, script });
    assertEquals(brief(outcomes[0]), ["deferred host hello 451 4.7.4"]);
    assertEquals(heard.at(-1), "QUIT");
    assert(!heard.some((line) => line.startsWith("MAIL")));
  }
});

for (const reply of ["454 4.7.0 Not now", "501 No", "550 5.7.1 No"]) {
  test(`next() goes on without TLS on ${reply} when TLS is opportunistic`, () => {
    const { heard, outcomes } = play({
      config: OPPORTUNISTIC,
      script: { ...WITH_TLS, STARTTLS: reply },
    });
    assertEquals(heard[2], "MAIL FROM:<vasya@another.test>");
    assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
  });

  test(`next() defers all on ${reply} when TLS is required`, () => {
    const { heard, outcomes } = play({
      config: REQUIRE,
      script: { ...WITH_TLS, STARTTLS: reply },
    });
    const code = reply.slice(0, 3);
    assertEquals(brief(outcomes[0]), [`deferred host starttls ${code}`]);
    assertEquals(heard, ["EHLO me.test", "STARTTLS", "QUIT"]);
  });
}

test("next() doesn't use TLS that is offered when it is never wanted", () => {
  const { heard, outcomes } = play({ script: WITH_TLS });
  assertEquals(heard[1], "MAIL FROM:<vasya@another.test>");
  assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
});

test("next() asks once only for TLS", () => {
  const { heard } = play({
    config: REQUIRE,
    script: { EHLO: offering("STARTTLS") },
  });
  assertEquals(heard.filter((line) => line === "STARTTLS").length, 1);
});

test("next() says HELO in TLS when EHLO is refused there", () => {
  const { heard, outcomes } = play({
    config: REQUIRE,
    script: { EHLO: [offering("STARTTLS"), "502 What?"] },
  });
  assertEquals(heard.slice(2, 4), ["EHLO me.test", "HELO me.test"]);
  assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
});

test("next() starts with the handshake when TLS is implicit", () => {
  const { effects, heard, outcomes, session } = play({
    config: { tls: "implicit" },
    script: { EHLO: offering("STARTTLS") },
  });
  assertEquals(effects[0], "handshake");
  assertEquals(heard[1], "MAIL FROM:<vasya@another.test>");
  assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
  assertEquals(session.state.tls, "verified");

  const broken = play({
    config: { tls: "implicit" },
    handshake: { broken: "EOF" },
  });
  assertEquals(brief(broken.outcomes[0]), [
    "deferred host handshake 451 4.7.5",
  ]);
});

const AUTH: Partial<ClientConfig> = {
  auth: { mechanisms: ["SCRAM-SHA-256", "PLAIN", "LOGIN"], inTheClear: true },
};
const PLAIN: Script = {
  EHLO: offering("AUTH LOGIN PLAIN"),
  AUTH: "235 2.7.0 Welcome",
};

test("response() gives the initial response to the best mechanism", () => {
  const { heard, outcomes, dialogue, session, challenges } = play({
    config: AUTH,
    script: PLAIN,
    responses: ["AHBldHlhAHNlY3JldA=="],
  });
  assertEquals(heard.slice(1, 3), [
    "AUTH PLAIN AHBldHlhAHNlY3JldA==",
    "MAIL FROM:<vasya@another.test>",
  ]);
  assertEquals(challenges, [undefined]);
  assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
  assert(session.state.authenticated);
  assertEquals(dialogue.slice(4, 6), [
    "-> AUTH PLAIN (not shown)",
    "<- 235 2.7.0 Welcome",
  ]);
  assert(!dialogue.join().includes("AHBl"));
});

test("response() writes the empty initial response as =", () => {
  const { heard } = play({ config: AUTH, script: PLAIN, responses: [""] });
  assertEquals(heard[1], "AUTH PLAIN =");
});

test("response() answers challenge after challenge", () => {
  for (const cut of [1, 7, Infinity]) {
    const { heard, outcomes, dialogue, challenges } = play({
      config: { auth: { mechanisms: ["LOGIN"], inTheClear: true } },
      script: {
        EHLO: offering("AUTH=LOGIN"),
        AUTH: "334 VXNlcm5hbWU6",
        response: ["334 UGFzc3dvcmQ6", "334", "235 2.7.0 Welcome"],
      },
      responses: [undefined, "cGV0eWE=", "c2VjcmV0", ""],
      cut,
    });
    assertEquals(challenges, [
      undefined,
      "VXNlcm5hbWU6",
      "UGFzc3dvcmQ6",
      "",
    ]);
    assertEquals(heard.slice(1, 5), ["AUTH LOGIN", "cGV0eWE=", "c2VjcmV0", ""]);
    assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
    assert(!/cGV0|c2Vj/.test(dialogue.join()));
  }
});

test("takeDialogue() shows no challenge that helps to guess a password", () => {
  const { dialogue, challenges } = play({
    config: { auth: { mechanisms: ["SCRAM-SHA-256"], inTheClear: true } },
    script: {
      EHLO: offering("AUTH SCRAM-SHA-256"),
      AUTH: "334 cj1y",
      response: ["334-dj02\r\n334 dj02", "235 2.7.0 Welcome"],
    },
    responses: ["biws", "Yz1i", ""],
  });
  assertEquals(challenges, [undefined, "cj1y", "dj02dj02"]);
  assertEquals(dialogue.slice(4, 11), [
    "-> AUTH SCRAM-SHA-256 (not shown)",
    "<- 334 (SASL challenge, not shown)",
    "-> (SASL response, not shown)",
    "<- 334-(SASL challenge, not shown)",
    "<- 334 (SASL challenge, not shown)",
    "-> (SASL response, not shown)",
    "<- 235 2.7.0 Welcome",
  ]);
});

for (const reply of ["535 5.7.8 Wrong", "454 4.7.0 Not now", "504 What?"]) {
  test(`next() defers all on ${reply} at AUTH`, () => {
    const { heard, outcomes } = play({
      config: AUTH,
      script: { ...PLAIN, AUTH: reply },
      responses: ["AHBldHlhAHNlY3JldA=="],
    });
    const code = reply.slice(0, 3);
    assertEquals(brief(outcomes[0]), [`deferred host auth ${code}`]);
    assertEquals(heard.at(-1), "QUIT");
  });
}

for (const act of [DROP, STALL, "421 4.3.2 Bye", "hm", "354 Go"]) {
  test(`next() defers all on ${JSON.stringify(act)} at AUTH`, () => {
    const { outcomes, effects } = play({
      config: AUTH,
      script: { ...PLAIN, AUTH: act },
      responses: ["AHBldHlhAHNlY3JldA=="],
    });
    assertEquals(outcomes[0]![0]!.status, "deferred");
    assertEquals(outcomes[0]![0]!.at, "auth");
    assertEquals(effects, ["auth", "outcome", "close"]);
  });
}

test("cancel() before AUTH says nothing of it", () => {
  const { heard, outcomes } = play({
    config: AUTH,
    script: PLAIN,
    responses: [null],
  });
  assertEquals(heard, ["EHLO me.test", "QUIT"]);
  assertEquals(brief(outcomes[0]), ["deferred host auth 451 4.7.0"]);
  assertEquals(
    outcomes[0]![0]!.reply.text,
    "Authentication given up: no password",
  );
});

for (const reply of ["501 5.7.0 Cancelled", "235 Welcome", "421 Bye", "334"]) {
  test(`cancel() ends the session though * is answered ${reply}`, () => {
    const { heard, outcomes, session } = play({
      config: AUTH,
      script: { ...PLAIN, AUTH: "334 PDw+Pg==", response: reply },
      responses: [undefined, null],
    });
    assertEquals(heard[2], "*");
    assertEquals(outcomes[0]![0]!.status, "deferred");
    assertEquals(outcomes[0]![0]!.at, "auth");
    assert(!session.state.authenticated);
  });
}

test("next() authenticates only in TLS unless told otherwise", () => {
  const auth = { mechanisms: ["PLAIN"], inTheClear: false };
  const clear = play({ config: { auth }, script: PLAIN });
  assertEquals(brief(clear.outcomes[0]), ["deferred host auth 451 4.7.0"]);
  assertEquals(clear.heard, ["EHLO me.test", "QUIT"]);

  const encrypted = play({
    config: { auth, tls: "opportunistic" },
    script: {
      EHLO: [offering("STARTTLS"), offering("AUTH PLAIN")],
      AUTH: "235 Welcome",
    },
    responses: ["AHBldHlhAHNlY3JldA=="],
  });
  assertEquals(brief(encrypted.outcomes[0]), ["delivered message dot 250"]);
});

test("next() defers all when no mechanism of ours is offered", () => {
  for (const script of [{}, { EHLO: offering("AUTH GSSAPI") }]) {
    const { heard, outcomes } = play({ config: AUTH, script });
    assertEquals(brief(outcomes[0]), ["deferred host auth 451 4.7.0"]);
    assertEquals(heard.at(-1), "QUIT");
  }
});

test("next() asks for no authentication that isn't in the settings", () => {
  const { heard } = play({ script: PLAIN });
  assertEquals(heard[1], "MAIL FROM:<vasya@another.test>");
});
