import { assert, assertEquals } from "@std/assert";
import * as replies from "../../src/smtp/replies.ts";
import { formatReply, type Reply } from "../../src/smtp/reply.ts";
import { assertWellFormed } from "../fuzz/well_formed.ts";

/** As long as a host name can be (RFC 5321 §4.5.3.1.2). */
const LONG_NAME = `${"d.".repeat(127)}d`;

/** Each reply that takes something, with the longest it gets. */
const MADE: Readonly<Record<string, readonly Reply[]>> = {
  greeting: [replies.greeting(LONG_NAME)],
  hello: [replies.hello("mx.test.ru", ["SIZE 1"])],
  bye: [replies.bye(LONG_NAME)],
  help: [replies.help("RSET"), replies.help(["Commands:", "RSET"])],
  chunkOk: [replies.chunkOk(999_999_999_999_999)],
  queued: [replies.queued("ID")],
  notImplemented: [replies.notImplemented("STARTTLS")],
  syntaxError: [replies.syntaxError("RSET")],
  greetingSyntaxError: [replies.greetingSyntaxError("EHLO domain")],
  badPath: [
    replies.badPath("5.1.3", "not an address"),
    replies.badPath("5.1.7", "not an address"),
  ],
  unknownParameter: [replies.unknownParameter("X".repeat(40))],
  badParameter: [replies.badParameter("SIZE", "given twice")],
  badSequence: [replies.badSequence("Send MAIL first")],
  challenge: [replies.challenge(""), replies.challenge("VXNlcm5hbWU6")],
  tooManyFaults: [replies.tooManyFaults(LONG_NAME)],
  badText: [
    replies.badText("bare CR"),
    replies.badText("bare LF"),
    replies.badText("NUL"),
  ],
  blockListed: [replies.blockListed("2001:db8::1", LONG_NAME)],
  connectingTooOften: [replies.connectingTooOften(LONG_NAME)],
  guessingAddresses: [replies.guessingAddresses(LONG_NAME)],
  guessingPasswords: [replies.guessingPasswords(LONG_NAME)],
  makingRoom: [replies.makingRoom(LONG_NAME)],
  tooManyConnections: [replies.tooManyConnections(LONG_NAME)],
  timedOut: [replies.timedOut(LONG_NAME)],
  shuttingDown: [replies.shuttingDown(LONG_NAME)],
};

Deno.test(
  "every reply is well-formed, its enhanced code where RFC 2034 wants it",
  {
    permissions: "none",
  },
  () => {
    for (const [name, made] of Object.entries(replies)) {
      const all = typeof made === "function" ? MADE[name] : [made];
      if (all === undefined) throw new Error(`${name} is missing in MADE`);
      for (const reply of all) {
        // Behind another, as only a greeting may come first and lack its code.
        const before = name === "greeting" ? "" : "250 2.0.0 OK\r\n";
        assertWellFormed(before + formatReply(reply));
      }
    }
  },
);

Deno.test(
  "421 names the host (RFC 5321 §4.2.3)",
  { permissions: "none" },
  () => {
    const all: readonly Reply[] = Object.values(replies)
      .filter((made) => typeof made === "object")
      .concat(Object.values(MADE).flat());
    const closing = all.filter(({ code }) => code === 421);
    assertEquals(closing.length, 8);
    for (const { text } of closing) {
      assert(String(text).startsWith(`${LONG_NAME} `), String(text));
    }
  },
);
