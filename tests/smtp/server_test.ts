import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  greeting,
  makingRoom,
  OK,
  START_MAIL,
} from "../../src/smtp/replies.ts";
import { formatReply } from "../../src/smtp/reply.ts";
import { type Effect, ServerSession } from "../../src/smtp/server.ts";
import { decide } from "../transcripts/policy.ts";
import { Player } from "../transcripts/play.ts";
import { CONFIG } from "../transcripts/transcript.ts";

const NONE = { permissions: "none" } as const;

const encoder = new TextEncoder();

/** A session that was greeted and has said so. */
function greeted(): ServerSession {
  const session = new ServerSession(CONFIG);
  session.next();
  session.answer(greeting("mx.test.ru"));
  session.next();
  session.takeDialogue();
  return session;
}

/** Runs a session until it has nothing to do; answers as `decide` does. */
function run(session: ServerSession): Effect[] {
  const effects: Effect[] = [];
  for (;;) {
    const effect = session.next();
    effects.push(effect);
    if (effect.type === "ask") session.answer(decide(effect.question));
    if (["read", "handshake", "close"].includes(effect.type)) return effects;
  }
}

Deno.test("ServerSession takes one answer a question", NONE, () => {
  const session = new ServerSession(CONFIG);
  assertEquals(session.next().type, "ask");
  assertEquals(session.next().type, "ask", "asked until it is answered");
  session.answer(greeting("mx.test.ru"));
  assertThrows(() => session.answer(OK), TypeError, 'in phase "command"');
});

Deno.test("ServerSession refuses octets while others wait", NONE, () => {
  const session = greeted();
  session.receive(encoder.encode("EHLO a\r\nMAIL FROM:<a@b>\r\nNOOP\r\n"));
  assertEquals(session.next().type, "ask");
  assertThrows(() => session.receive(encoder.encode("x")), TypeError);
  session.answer(OK);
  assertEquals(run(session).map(({ type }) => type), ["write", "read"]);
  session.receive(encoder.encode("x"));
});

Deno.test("ServerSession is not secured but by a handshake", NONE, () => {
  assertThrows(() => greeted().secured(), TypeError, 'in phase "command"');
});

Deno.test("ServerSession can be under TLS from the start", NONE, () => {
  assertEquals(new ServerSession(CONFIG).state.secure, false);
  const session = new ServerSession(CONFIG, { secure: true });
  assert(session.state.secure);
  session.next();
  session.answer(greeting("mx.test.ru"));
  assert(session.state.secure);
  assertThrows(() => session.secured(), TypeError, 'in phase "command"');
});

Deno.test("ServerSession goes on saying that it is over", NONE, () => {
  const session = greeted();
  session.receive(encoder.encode("QUIT\r\nNOOP\r\n"));
  assertEquals(run(session).map(({ type }) => type), ["write", "close"]);
  assertEquals(session.next(), { type: "close" });
  session.timeout();
  session.shutdown();
  session.answer(OK);
  assertEquals(session.next(), { type: "close" });
});

Deno.test(
  "ServerSession that ends while a question is open ignores the answer",
  NONE,
  () => {
    const session = greeted();
    session.receive(encoder.encode("EHLO a\r\nMAIL FROM:<a@b>\r\n"));
    assertEquals(session.next().type, "ask");
    session.shutdown();
    const [write, close] = run(session);
    assert(
      write?.type === "write" && write.text.endsWith("try again later\r\n"),
    );
    assertEquals(close?.type, "close");
    session.answer(OK);
    assertEquals(session.next(), { type: "close" });
  },
);

Deno.test("dismiss() sends the client away, whatever it is at", NONE, () => {
  const inputs = ["EHLO a\r\n", "MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n"];
  const session = greeted();
  for (const input of inputs) {
    session.receive(encoder.encode(input));
    run(session);
  }
  const reply = makingRoom("mx.test.ru");
  session.dismiss(reply);
  assertEquals(run(session), [
    { type: "discard", reply },
    { type: "write", text: formatReply(reply) },
    { type: "close" },
  ]);
});

Deno.test("ServerSession tells how long to wait", NONE, () => {
  const session = greeted();
  const wait = (text: string) => {
    session.receive(encoder.encode(text));
    const last = run(session).at(-1);
    return last?.type === "read" ? last.wait : last?.type;
  };
  assertEquals(wait("EHLO a\r\n"), "command");
  assertEquals(wait("MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\n"), "command");
  assertEquals(wait("BDAT 9\r\nabc"), "body");
  assertEquals(wait("defghi"), "command");
  assertEquals(wait("BDAT 0 LAST\r\n"), "command");
  assertEquals(wait("MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n"), "body");
  assertEquals(wait("x\r\n."), "body");
  assertEquals(wait("\r\n"), "command");
});

Deno.test(
  "ServerSession sends replies together, but never keeps many",
  NONE,
  () => {
    const session = greeted();
    session.receive(encoder.encode("NOOP\r\n".repeat(10_000)));
    const writes = run(session).filter(({ type }) => type === "write");
    const sizes = writes.map((effect) =>
      effect.type === "write" ? effect.text.length : 0
    );
    assertEquals(sizes.reduce((sum, size) => sum + size), 10_000 * 14);
    assert(writes.length < 10, "one write a reply");
    assert(Math.max(...sizes) < 20_000, "replies pile up");
  },
);

Deno.test(
  "ServerSession accepts a hundred recipients and more, in order",
  NONE,
  () => {
    const player = new Player({
      config: { ...CONFIG, maxRecipients: 1000 },
    });
    const names = Array.from(
      { length: 1001 },
      (_, index) => `u${index}@test.ru`,
    );
    player.send(encoder.encode("EHLO a\r\nMAIL FROM:<>\r\n"));
    player.takeOutput();
    player.send(
      encoder.encode(names.map((name) => `RCPT TO:<${name}>\r\n`).join("")),
    );
    const replies = player.takeOutput().split("\r\n").slice(0, -1);
    assertEquals(
      replies.slice(0, 1000).every((line) => /^250 /.test(line)),
      true,
    );
    assertEquals(replies.slice(1000), ["452 4.5.3 Too many recipients"]);
    player.send(encoder.encode("DATA\r\n.\r\n"));
    assertEquals(
      player.trace.questions.at(-1),
      `commit <> ${names.slice(0, 1000).map((name) => `<${name}>`).join(" ")}`,
    );
  },
);

Deno.test("ServerSession hands out views of what was received", NONE, () => {
  const session = greeted();
  session.receive(
    encoder.encode("EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\n"),
  );
  run(session);
  session.receive(encoder.encode("DATA\r\n"));
  run(session);
  const bytes = encoder.encode("text\r\n");
  session.receive(bytes);
  const effect = session.next();
  assertEquals(effect.type === "body" && effect.bytes.buffer, bytes.buffer);
});

Deno.test("takeDialogue() gives each line once", NONE, () => {
  const session = greeted();
  session.receive(encoder.encode("NOOP\r\n"));
  run(session);
  assertEquals(session.takeDialogue(), ["<- NOOP", "-> 250 2.0.0 OK"]);
  assertEquals(session.takeDialogue(), []);
});

Deno.test("takeDialogue() never grows by what is in messages", NONE, () => {
  const session = greeted();
  const taken: string[] = [];
  const feed = (text: string) => {
    session.receive(encoder.encode(text));
    run(session);
    taken.push(...session.takeDialogue());
  };
  feed("HELO a\r\n");
  feed("MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n");
  for (let piece = 0; piece < 900; piece++) {
    feed("secret\r\n..secret\r\n".repeat(50));
  }
  feed(".\r\n");
  assertEquals(taken.slice(-3), [
    `-> 354 ${START_MAIL.text}`,
    `<- (${900 * 50 * 17} octets of message)`,
    "-> 250 2.0.0 OK: queued as ID",
  ]);
  assertEquals(taken.length, 10);
});
