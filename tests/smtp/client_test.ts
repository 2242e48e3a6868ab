import { assert, assertEquals, assertThrows } from "@std/assert";
import { ClientSession } from "../../src/smtp/client.ts";
import type { ClientConfig } from "../../src/smtp/client_opening.ts";
import {
  brief,
  DROP,
  ENCODER,
  offering,
  play,
  type Script,
  STALL,
  to,
} from "./client_play.ts";

const CUTS = [1, 2, 3, 7, 64, Infinity];
const TWO = [to("petya@test.ru", "masha@test.ru")];
const PIPELINING = { EHLO: offering("PIPELINING") };

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("next() goes through a session command by command", () => {
  for (const cut of CUTS) {
    const { heard, outcomes, effects } = play({ transactions: TWO, cut });
    assertEquals(heard, [
      "EHLO me.test",
      "MAIL FROM:<vasya@another.test>",
      "RCPT TO:<petya@test.ru>",
      "RCPT TO:<masha@test.ru>",
      "DATA",
      "Subject: Hi\r\n\r\nHi\r\n.",
      "QUIT",
    ]);
    assertEquals(outcomes, [[0, 1].map((recipient) => ({
      recipient,
      status: "delivered",
      scope: "message",
      at: "dot",
      by: "server",
      reply: { code: 250, status: "2.0.0", text: "Queued" },
    }))]);
    assertEquals(effects.filter((effect) => effect !== "body"), [
      "outcome",
      "idle",
      "close",
    ]);
  }
});

test("next() sends the envelope in one group with PIPELINING", () => {
  const { writes, outcomes } = play({ transactions: TWO, script: PIPELINING });
  assertEquals(writes, [
    "EHLO me.test\r\n",
    "MAIL FROM:<vasya@another.test>\r\n" +
    "RCPT TO:<petya@test.ru>\r\nRCPT TO:<masha@test.ru>\r\nDATA\r\n",
    ".\r\n",
    "QUIT\r\n",
  ]);
  assertEquals(brief(outcomes[0]), [
    "delivered message dot 250",
    "delivered message dot 250",
  ]);
});

test("next() sends no more at once than any buffer takes", () => {
  const addresses = Array.from({ length: 1_000 }, (_, n) => `user${n}@test.ru`);
  const { writes, heard, outcomes } = play({
    transactions: [to(...addresses)],
    script: PIPELINING,
  });
  assert(writes.every((text) => text.length <= 4_096));
  const rcpt = addresses.map((address) => `RCPT TO:<${address}>`);
  assertEquals(heard.slice(2, 1_002), rcpt);
  // 27 octets each: 8 groups, where one by one it were 1,000 writes.
  assert(writes.length < 15);
  assertEquals(outcomes[0]!.length, 1_000);
});

test("takeDialogue() tells everything but the message", () => {
  const { dialogue } = play({});
  assertEquals(dialogue, [
    "<- 220 mx.test ESMTP",
    "-> EHLO me.test",
    "<- 250 mx.test",
    "-> MAIL FROM:<vasya@another.test>",
    "<- 250 2.1.0 OK",
    "-> RCPT TO:<petya@test.ru>",
    "<- 250 2.1.5 OK",
    "-> DATA",
    "<- 354 Go",
    "-> (19 octets of message)",
    "-> .",
    "<- 250 2.0.0 Queued",
    "-> QUIT",
    "<- 221 2.0.0 Bye",
  ]);
});

/** Every step of a plain session at which something can go wrong, in the client's words for it. */
const STEPS = {
  greeting: "greeting",
  EHLO: "hello",
  MAIL: "mail",
  RCPT: "rcpt",
  DATA: "data",
  text: "dot",
} as const;

for (const [kind, at] of Object.entries(STEPS)) {
  const early = kind === "greeting" || kind === "EHLO";
  for (const script of early ? [{}] : [{}, PIPELINING]) {
    const how = script === PIPELINING ? " in a group" : "";
    const fail = (act: Script[string]) =>
      play({ transactions: TWO, script: { ...script, [kind]: act } });

    test(`next() defers all when the server hangs up at ${kind}${how}`, () => {
      const { outcomes, effects, heard } = fail(DROP);
      const deferred = `deferred host ${at} 451 4.4.2`;
      assertEquals(outcomes.map(brief), [[deferred, deferred]]);
      assertEquals(effects.filter((effect) => effect !== "body"), [
        "outcome",
        "close",
      ]);
      assert(!heard.includes("QUIT"));
    });

    test(`next() defers all when the server is silent at ${kind}${how}`, () => {
      const { outcomes, session } = fail(STALL);
      const deferred = `deferred host ${at} 451 4.4.2`;
      assertEquals(outcomes.map(brief), [[deferred, deferred]]);
      assertEquals(session.state.failure?.at, at);
    });

    test(`next() defers all when the server says 421 at ${kind}${how}`, () => {
      const { outcomes, heard } = fail({ close: "421 4.3.2 Going down" });
      const deferred = `deferred host ${at} 421`;
      assertEquals(outcomes.map(brief), [[deferred, deferred]]);
      assertEquals(outcomes[0]![0]!.by, "server");
      assert(!heard.includes("QUIT"));
    });

    for (
      const odd of ["hello?", "", "999 no", "101 what", "25", "250-a\r\nb"]
    ) {
      test(`next() defers all on ${JSON.stringify(odd)} at ${kind}${how}`, () => {
        const { outcomes, effects } = fail(odd);
        const deferred = `deferred host ${at} 451 4.5.0`;
        assertEquals(outcomes.map(brief), [[deferred, deferred]]);
        assertEquals(effects.at(-1), "close");
      });
    }

    const misplaced = kind === "DATA" ? "250 Fine" : "354 Go";
    test(`next() defers all on a misplaced ${misplaced} at ${kind}${how}`, () => {
      const { outcomes } = fail(misplaced);
      const deferred = `deferred host ${at} 451 4.5.0`;
      assertEquals(outcomes.map(brief), [[deferred, deferred]]);
    });

    test(`next() defers all on a reply without end at ${kind}${how}`, () => {
      const { outcomes } = fail("250-more\r\n".repeat(10_000));
      const deferred = `deferred host ${at} 451 4.5.0`;
      assertEquals(outcomes.map(brief), [[deferred, deferred]]);
    });

    test(`next() takes two replies at ${kind}${how} for a fault`, () => {
      const reply = kind === "DATA" ? "354 Go" : "250 Fine";
      const { outcomes, effects } = fail(`${reply}\r\n550 No`);
      const statuses = outcomes.flat().map(({ status }) => status);
      // What comes after the answer to the dot can't change it.
      const expected = kind === "text" ? "delivered" : "deferred";
      if (script !== PIPELINING) {
        assertEquals(statuses, [expected, expected]);
      } else {
        // In a group the second is taken for the next command's: no worse than that can happen.
        assert(kind === "text" || !statuses.includes("delivered"));
      }
      assertEquals(effects.at(-1), "close");
    });
  }
}

/** What a refusal at each step comes to: the scope, and whether QUIT is said at once. */
const REFUSALS = {
  greeting: "host",
  HELO: "host",
  MAIL: "message",
  DATA: "message",
  text: "message",
} as const;

for (const [kind, scope] of Object.entries(REFUSALS)) {
  for (const [code, status] of [[451, "deferred"], [554, "failed"]] as const) {
    test(`next() has all ${status} by ${code} at ${kind}`, () => {
      for (const script of [{}, PIPELINING]) {
        const { outcomes, heard, effects } = play({
          transactions: TWO,
          script: {
            ...(kind === "HELO" ? { EHLO: "502 What?" } : script),
            [kind]: `${code} No`,
          },
        });
        const at = kind === "HELO"
          ? "hello"
          : STEPS[kind as keyof typeof STEPS];
        const outcome = `${status} ${scope} ${at} ${code}`;
        assertEquals(outcomes.map(brief), [[outcome, outcome]]);
        assertEquals(heard.at(-1), "QUIT");
        assertEquals(effects.includes("idle"), scope === "message");
      }
    });
  }
}

for (const code of [500, 501, 502, 504, 550, 554]) {
  test(`next() says HELO when EHLO is answered ${code}`, () => {
    const { heard, outcomes } = play({ script: { EHLO: `${code} What?` } });
    assertEquals(heard.slice(0, 2), ["EHLO me.test", "HELO me.test"]);
    assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
  });
}

test("next() doesn't say HELO when EHLO is put off", () => {
  const { heard, outcomes } = play({ script: { EHLO: "450 Later" } });
  assertEquals(heard, ["EHLO me.test", "QUIT"]);
  assertEquals(brief(outcomes[0]), ["deferred host hello 450"]);
});

test("next() believes no extension in an answer to HELO", () => {
  const { writes } = play({
    script: { EHLO: "500 What?", HELO: offering("PIPELINING", "SIZE 9") },
  });
  assertEquals(writes[2], "MAIL FROM:<vasya@another.test>\r\n");
});

test("next() gives each recipient its own reply", () => {
  for (const script of [{}, PIPELINING]) {
    const { outcomes, heard } = play({
      transactions: [to("a@t.ru", "b@t.ru", "c@t.ru", "d@t.ru")],
      script: {
        ...script,
        RCPT: [
          "250 OK",
          "550-5.1.1 Nobody\r\n550 5.1.1 of that name",
          "450 4.2.1 Busy",
          "251 Will forward",
        ],
      },
    });
    assertEquals(brief(outcomes[0]), [
      "delivered message dot 250",
      "failed recipient rcpt 550",
      "deferred recipient rcpt 450",
      "delivered message dot 250",
    ]);
    assertEquals(outcomes[0]![1]!.reply, {
      code: 550,
      status: "5.1.1",
      text: ["Nobody", "of that name"],
    });
    assertEquals(heard.filter((line) => line.startsWith("RCPT")).length, 4);
  }
});

test("next() keeps a recipient's verdict whatever happens to the rest", () => {
  for (const text of [DROP, STALL, "554 No", "421 Bye"]) {
    const { outcomes } = play({
      transactions: TWO,
      script: { RCPT: ["550 5.1.1 Nobody", "250 OK"], text },
    });
    assertEquals(brief(outcomes[0])[0], "failed recipient rcpt 550");
    assert(brief(outcomes[0])[1] !== "delivered message dot 250");
  }
});

test("next() doesn't say DATA when no recipient is left", () => {
  const { heard } = play({ script: { RCPT: "550 Nobody" } });
  assertEquals(heard.slice(2), ["RCPT TO:<petya@test.ru>", "QUIT"]);
});

test("next() ends with a lone dot a DATA that nobody is left for", () => {
  for (const text of ["554 No recipients", "250 Fine", "450 Hm"]) {
    const { heard, outcomes, effects } = play({
      transactions: TWO,
      script: { ...PIPELINING, RCPT: ["550 Nobody", "450 Later"], text },
    });
    // RFC 2920 §3.1
    assertEquals(heard.slice(-3), ["DATA", ".", "QUIT"]);
    assertEquals(brief(outcomes[0]), [
      "failed recipient rcpt 550",
      "deferred recipient rcpt 450",
    ]);
    assertEquals(effects, ["outcome", "idle", "close"]);
  }
});

test("next() ends with a lone dot a DATA after a refused MAIL", () => {
  const { heard, outcomes } = play({
    script: { ...PIPELINING, MAIL: "550 5.7.1 No", RCPT: "250 OK" },
  });
  assertEquals(heard.at(-2), ".");
  assertEquals(brief(outcomes[0]), ["failed message mail 550"]);
});

test("next() sends several messages over one connection", () => {
  for (const script of [{}, PIPELINING]) {
    const { heard, outcomes, session } = play({
      transactions: [to("a@t.ru"), to("b@t.ru"), to("c@t.ru")],
      script,
    });
    assertEquals(
      outcomes.map(brief),
      Array(3).fill(["delivered message dot 250"]),
    );
    assert(!heard.includes("RSET"));
    assertEquals(session.state.transactions, 3);
    assertEquals(session.state.failure, undefined);
  }
});

test("next() resets the server after a transaction that was broken off", () => {
  const { heard, outcomes } = play({
    transactions: [to("a@t.ru"), to("b@t.ru"), to("c@t.ru")],
    script: { RCPT: ["550 Nobody", "250 OK"] },
  });
  assertEquals(heard.slice(2, 6), [
    "RCPT TO:<a@t.ru>",
    "RSET",
    "MAIL FROM:<vasya@another.test>",
    "RCPT TO:<b@t.ru>",
  ]);
  assertEquals(heard.filter((line) => line === "RSET").length, 1);
  assertEquals(outcomes.map(brief), [
    ["failed recipient rcpt 550"],
    ["delivered message dot 250"],
    ["delivered message dot 250"],
  ]);
});

test("next() remembers to reset past a transaction that it doesn't begin", () => {
  const { heard } = play({
    transactions: [to("a@t.ru"), { ...to("b@t.ru"), size: 99 }, to("c@t.ru")],
    script: { EHLO: offering("SIZE 50"), RCPT: ["550 Nobody", "250 OK"] },
  });
  assertEquals(heard.slice(3, 6), [
    "RSET",
    "MAIL FROM:<vasya@another.test> SIZE=19",
    "RCPT TO:<c@t.ru>",
  ]);
});

for (const RSET of ["500 What?", "421 Bye", DROP, STALL]) {
  test(`next() trusts no server that answers RSET with ${JSON.stringify(RSET)}`, () => {
    const { outcomes, effects } = play({
      transactions: [to("a@t.ru"), to("b@t.ru")],
      script: { RCPT: ["550 Nobody", "250 OK"], RSET },
    });
    assertEquals(outcomes[1]![0]!.status, "deferred");
    assertEquals(outcomes[1]![0]!.scope, "host");
    assertEquals(outcomes[1]![0]!.at, "reset");
    assertEquals(effects.at(-1), "close");
  });
}

test("next() takes what comes at QUIT for a farewell", () => {
  for (const QUIT of ["250 OK", "500 What?", "hm", "421 Bye", DROP, STALL]) {
    const { outcomes, session } = play({ script: { QUIT } });
    assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
    assertEquals(session.state.failure, undefined);
  }
});

const TOO_MANY = {
  "452 4.5.3": "deferred recipient rcpt 452 soon",
  "452": "deferred recipient rcpt 452 soon",
  "552 5.5.3": "deferred recipient rcpt 552 soon",
  "552": "deferred recipient rcpt 552 soon",
  "452 4.2.2": "deferred recipient rcpt 452",
  "552 5.2.2": "failed recipient rcpt 552",
} as const;

for (const [code, expected] of Object.entries(TOO_MANY)) {
  test(`next() has a recipient after others that is answered ${code} ${expected}`, () => {
    const { outcomes } = play({
      transactions: TWO,
      script: { RCPT: ["250 OK", `${code} No`] },
    });
    assertEquals(brief(outcomes[0]), ["delivered message dot 250", expected]);
  });
}

test("next() calls nothing too many before a recipient is accepted", () => {
  const { outcomes } = play({
    transactions: TWO,
    script: { RCPT: ["552 No", "452 No"] },
  });
  assertEquals(brief(outcomes[0]), [
    "failed recipient rcpt 552",
    "deferred recipient rcpt 452",
  ]);
});

test("next() gives no more recipients than the server takes", () => {
  const { heard, outcomes } = play({
    transactions: [to("a@t.ru", "b@t.ru", "c@t.ru")],
    script: { EHLO: offering("PIPELINING", "LIMITS RCPTMAX=2") },
  });
  assertEquals(heard.filter((line) => line.startsWith("RCPT")).length, 2);
  assertEquals(brief(outcomes[0]), [
    "delivered message dot 250",
    "delivered message dot 250",
    "deferred recipient rcpt 452 4.5.3 soon",
  ]);
});

test("next() leaves a server that takes no more messages", () => {
  const { heard, effects } = play({
    transactions: [to("a@t.ru"), to("b@t.ru"), to("c@t.ru")],
    script: { EHLO: offering("LIMITS MAILMAX=2") },
  });
  assertEquals(heard.at(-1), "QUIT");
  assertEquals(effects.filter((effect) => effect === "outcome").length, 2);
  assertEquals(effects.filter((effect) => effect === "idle").length, 1);
});

test("next() tells a refusal in the middle of the message", () => {
  const session = atText();
  session.stuff(ENCODER.encode("a lot"));
  session.receive(ENCODER.encode("552 5.3.4 Too big\r\n"));
  assertEquals(outcome(session), ["failed message text 552"]);
  assertEquals(session.next(), { type: "close" });
});

test("next() believes no refusal that came before the message", () => {
  const session = idle();
  session.send(to("petya@test.ru"));
  say(session, "250 OK", "250 OK");
  session.receive(ENCODER.encode("354 Go\r\n552 5.3.4 Too big\r\n"));
  assertEquals(outcome(session), ["deferred host text 451 4.5.0"]);
});

test("next() never takes a 2xx in the middle of the message for a yes", () => {
  const session = atText();
  session.stuff(ENCODER.encode("a lot"));
  session.receive(ENCODER.encode("250 2.0.0 Queued\r\n"));
  assertEquals(outcome(session), ["deferred host text 451 4.5.0"]);
  assertEquals(session.next(), { type: "close" });
});

test("next() ends the session when the server does while it is idle", () => {
  for (const event of ["421 4.4.2 Idle\r\n", "250 What?\r\n", "EOF"]) {
    const session = idle();
    if (event === "EOF") session.lost(event);
    else session.receive(ENCODER.encode(event));
    assertEquals(session.next(), { type: "close" });
    assertThrows(() => session.send(to("a@t.ru")), TypeError, "is over");
  }
});

test("abort() settles with our reply whom nobody settled", () => {
  const session = atText();
  session.stuff(ENCODER.encode("part"));
  session.abort({
    code: 451,
    status: "4.3.0",
    text: "Cannot read the message",
  });
  assertEquals(outcome(session), ["deferred message text 451 4.3.0"]);
  assertEquals(session.next(), { type: "close" });
  assertEquals(session.takeDialogue().slice(-2), [
    "-- 451 4.3.0 Cannot read the message",
    "-> (4 octets of message, broken off)",
  ]);
});

test("lost() says that a message that was sent may have arrived", () => {
  const session = atText();
  session.bodyDone();
  assertEquals(session.next(), { type: "write", text: ".\r\n" });
  assertEquals(session.next(), { type: "read", wait: "dot" });
  session.lost("Connection reset by peer");
  const effect = session.next();
  assert(effect.type === "outcome");
  assertEquals(effect.type === "outcome" && effect.outcomes[0]!.reply, {
    code: 451,
    status: "4.4.2",
    text: "Connection lost waiting for the answer to the whole message, " +
      "which may have arrived: Connection reset by peer",
  });
});

test("state.failure says why a session without a transaction ended", () => {
  const { effects, session } = play({
    transactions: [],
    script: { greeting: "554 5.7.1 Go away" },
  });
  assertEquals(effects, ["close"]);
  assertEquals(session.state.failure, {
    status: "failed",
    scope: "host",
    at: "greeting",
    by: "server",
    reply: { code: 554, status: "5.7.1", text: "Go away" },
  });
});

const MISUSES: Readonly<
  Record<
    string,
    readonly [() => ClientSession, (session: ClientSession) => void]
  >
> = {
  "send() in a transaction": [atText, (session) => session.send(to("a@t.ru"))],
  "send() after the end": [ended, (session) => session.send(to("a@t.ru"))],
  "send() of nothing to nobody": [idle, (session) => session.send(to())],
  "send() of an address with a line end": [
    idle,
    (session) => session.send(to("a\r\nDATA@t.ru")),
  ],
  "send() of an ORCPT with a line end": [idle, (session) => {
    const transaction = to("a@t.ru");
    const orcpt = { type: "rfc822", address: "a\r\nDATA" };
    const recipients = [{ ...transaction.recipients[0]!, orcpt }];
    session.send({ ...transaction, recipients });
  }],
  "send() of half an octet": [
    idle,
    (session) => session.send({ ...to("a@t.ru"), size: 0.5 }),
  ],
  "stuff() while idle": [idle, (session) => session.stuff(new Uint8Array())],
  "stuff() after the end": [
    ended,
    (session) => session.stuff(new Uint8Array()),
  ],
  "bodyDone() while idle": [idle, (session) => session.bodyDone()],
  "bodyDone() twice": [atText, (session) => {
    session.bodyDone();
    session.bodyDone();
  }],
  "secured() without a handshake": [
    idle,
    (session) => session.secured({ verified: true }),
  ],
  "handshakeFailed() without a handshake": [
    idle,
    (session) => session.handshakeFailed("no"),
  ],
  "response() without a question": [idle, (session) => session.response("")],
  "cancel() without a question": [idle, (session) => session.cancel("no")],
  "quit() in a transaction": [atText, (session) => session.quit()],
  "abort() with a yes": [
    atText,
    (session) => session.abort({ code: 250, text: "OK" }),
  ],
};

for (const [what, [begin, misuse]] of Object.entries(MISUSES)) {
  test(`${what} throws`, () => {
    const session = begin();
    assertThrows(() => misuse(session), TypeError, "Cannot");
  });
}

test("ClientSession() takes no host name that breaks a line", () => {
  for (const hostname of ["", "a b", "a\r\nQUIT"]) {
    assertThrows(
      () => new ClientSession({ hostname, tls: "never" }),
      TypeError,
    );
  }
});

const CONFIG: ClientConfig = { hostname: "me.test", tls: "never" };

/** Says these lines, one for each read, and lets all writes pass. */
function say(
  session: ClientSession,
  ...lines: readonly string[]
): ClientSession {
  for (const line of lines) {
    while (session.next().type === "write");
    session.receive(ENCODER.encode(`${line}\r\n`));
  }
  while (session.next().type === "write");
  return session;
}

function idle(): ClientSession {
  const session = say(new ClientSession(CONFIG), "220 Hi", "250 Hi");
  assertEquals(session.next(), { type: "idle" });
  return session;
}

function atText(): ClientSession {
  const session = idle();
  session.send(to("petya@test.ru"));
  say(session, "250 OK", "250 OK", "354 Go");
  assertEquals(session.next(), { type: "body" });
  return session;
}

function ended(): ClientSession {
  const session = idle();
  session.lost("EOF");
  assertEquals(session.next(), { type: "close" });
  return session;
}

function outcome(session: ClientSession): readonly string[] {
  const effect = session.next();
  return effect.type === "outcome" ? brief(effect.outcomes) : [effect.type];
}
