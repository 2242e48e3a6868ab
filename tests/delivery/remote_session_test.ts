import { assertEquals, assertMatch } from "@std/assert";
import type { Transport } from "../../src/net/transport.ts";
import { RemoteSession } from "../../src/delivery/remote_session.ts";
import { CLIENT_TIME_LIMITS } from "../../src/smtp/client_effect.ts";
import type { Transaction } from "../../src/smtp/client_envelope.ts";
import type { Outcome } from "../../src/smtp/client_outcome.ts";
import { bytes, fakeClock, mailbox } from "../queue/fakes.ts";
import { TimeLimits } from "../../src/ports/time_limits.ts";
import type { RemoteServices } from "../../src/delivery/remote_services.ts";
import { OPPORTUNISTIC } from "./remote_fakes.ts";

const CONTENT = bytes("Subject: Hi\r\n\r\nHi\r\n");

/** Too much to be sent together with its dot. */
const LARGE = bytes("A line of text, and many more of them\r\n".repeat(1000));

const TRANSACTION: Transaction = {
  from: mailbox("vasya@another.ru"),
  recipients: [{ number: 7, address: mailbox("petya@test.ru") }],
  size: 19,
  body: "7BIT",
  smtputf8: false,
};

/** What the server does at each turn: says so, closes, or is silent. */
type Turn = string | null | "silence";

/** A session with a server that reads everything and says this, reply by reply, when read. */
function sessionWith(
  turns: readonly Turn[],
  { refusesAt = Infinity, stallsAt = Infinity, ...changes }:
    & Partial<RemoteServices>
    & {
      /** The write that fails, counted from 0, and all after it. */
      readonly refusesAt?: number;
      /** The write that doesn't end until the connection is closed. */
      readonly stallsAt?: number;
    } = {},
) {
  const clock = fakeClock();
  const timeLimits = new TimeLimits(clock);
  const rest = [...turns];
  const written: string[] = [];
  const lines: string[] = [];
  let closed = 0;
  const { promise: forever, resolve: giveUp } = Promise.withResolvers<null>();
  const transport: Transport = {
    peer: { address: "192.0.2.1", port: 25 },
    local: { address: "192.0.2.2", port: 40000 },
    read(into) {
      const turn = rest.shift() ?? null;
      if (turn === "silence") return forever;
      if (turn === null) return Promise.resolve(null);
      const { written } = new TextEncoder().encodeInto(`${turn}\r\n`, into);
      return Promise.resolve(written);
    },
    write(octets) {
      if (written.push(new TextDecoder().decode(octets)) > stallsAt) {
        return forever.then(() => false);
      }
      return Promise.resolve(written.length <= refusesAt);
    },
    [Symbol.dispose]() {
      closed++;
      giveUp(null);
    },
  };
  const session = new RemoteSession(
    { name: "mx.test.ru [192.0.2.1]:25", host: "mx.test.ru", transport },
    { hostname: "me.test", access: OPPORTUNISTIC },
    {
      dial: () => Promise.resolve({ failed: "never asked" }),
      secure: () => Promise.resolve({ failed: "never asked" }),
      record: () => ({
        add: (more) => void lines.push(...more),
        close: () => void lines.push("(closed)"),
      }),
      nextId: () => "S1",
      timeLimits,
      limits: { ...CLIENT_TIME_LIMITS, connect: 1 },
      disk: { stream: () => unreadable },
      ...changes,
    },
  );
  return {
    session,
    clock,
    timeLimits,
    written,
    lines,
    get closed() {
      return closed;
    },
  };
}

const unreadable: AsyncIterable<Uint8Array<ArrayBuffer>> = {
  // deno-lint-ignore require-yield -- it comes to nothing
  async *[Symbol.asyncIterator]() {
    await Promise.resolve();
    throw new Error("Input/output error");
  },
};

function brief(outcomes: readonly Outcome[]) {
  return outcomes.map(({ recipient, status, scope, at, by, reply }) =>
    `${recipient} ${status} ${scope} ${at} ${by} ${reply.code}`
  );
}

const OPENED = ["220 mx.test.ru", "250 mx.test.ru"];
const READY = [...OPENED, "250 OK", "250 OK", "354 Go on"];

Deno.test("send() says each thing in its turn and keeps a record", async () => {
  const { session, written, lines } = sessionWith([...READY, "250 Queued"]);
  assertEquals(
    brief(await session.send(TRANSACTION, CONTENT)),
    ["7 delivered message dot server 250"],
  );
  assertEquals(session.isOpen, true);
  assertEquals(written, [
    "EHLO me.test\r\n",
    "MAIL FROM:<vasya@another.ru>\r\n",
    "RCPT TO:<petya@test.ru>\r\n",
    "DATA\r\n",
    "Subject: Hi\r\n\r\nHi\r\n.\r\n",
  ]);
  assertEquals(lines.slice(0, 3), [
    "<- 220 mx.test.ru",
    "-> EHLO me.test",
    "<- 250 mx.test.ru",
  ]);
  session.close();
});

Deno.test("send() sends the short end of a large message together with its dot", async () => {
  const lines = ["first\r\n".repeat(5_000), "..second\r\n", "third\r\n"];
  async function* stream() {
    const buffer = new Uint8Array(50_000);
    for (const line of lines) {
      // As a disk does: each piece is valid until the next is asked for.
      const { written } = new TextEncoder().encodeInto(line, buffer);
      yield await Promise.resolve(buffer.subarray(0, written));
    }
  }
  const { session, written } = sessionWith([...READY, "250 Queued"], {
    disk: { stream },
  });
  await session.send(TRANSACTION, { kind: "file", path: "large" });
  assertEquals(written.slice(4), [
    lines[0],
    "...second\r\nthird\r\n.\r\n",
  ]);
  session.close();
});

Deno.test("send() sends all of a chunk before it waits for the answer", async () => {
  const { session, written } = sessionWith([
    "220 mx.test.ru",
    "250-mx.test.ru\r\n250-CHUNKING\r\n250 BINARYMIME",
    ...["250 OK", "250 OK", "250 Got it", "250 Queued"],
  ]);
  const transaction = { ...TRANSACTION, body: "BINARYMIME" } as const;
  assertEquals(
    brief(await session.send(transaction, bytes("no line end"))),
    ["7 delivered message dot server 250"],
  );
  assertEquals(written.slice(-2), [
    "BDAT 11\r\nno line end",
    "BDAT 0 LAST\r\n",
  ]);
  session.close();
});

Deno.test("quit() takes leave, and close() doesn't; twice is once", async () => {
  const polite = sessionWith([...OPENED, "550 No", "221 Bye"]);
  await polite.session.send(TRANSACTION, CONTENT);
  await polite.session.quit();
  await polite.session.quit();
  polite.session.close();
  assertEquals(polite.written.at(-1), "QUIT\r\n");
  assertEquals(polite.lines.slice(-3), ["-> QUIT", "<- 221 Bye", "(closed)"]);
  assertEquals(polite.closed, 1);
  assertEquals(polite.clock.pending(), 0);

  const curt = sessionWith([...OPENED, "550 No"]);
  await curt.session.send(TRANSACTION, CONTENT);
  curt.session.close();
  assertEquals(curt.session.isOpen, false);
  assertEquals(curt.written.at(-1), "MAIL FROM:<vasya@another.ru>\r\n");
  assertEquals(curt.closed, 1);
});

Deno.test("send() hears why the server closed while it took the message", async () => {
  const { session, lines } = sessionWith(
    [...READY, "552 5.3.4 Too big", null],
    { refusesAt: 4 },
  );
  assertEquals(
    brief(await session.send(TRANSACTION, LARGE)),
    ["7 failed message text server 552"],
  );
  assertEquals(session.isOpen, false);
  assertEquals(lines.at(-1), "(closed)");
});

Deno.test("send() defers when the server closes while it takes the message", async () => {
  const { session } = sessionWith([...READY, null], { refusesAt: 4 });
  assertEquals(
    brief(await session.send(TRANSACTION, LARGE)),
    ["7 deferred host text us 451"],
  );
});

Deno.test("send() waits a moment, and no more, for why the server takes nothing", async () => {
  const { session, clock } = sessionWith([...READY, "silence"], {
    refusesAt: 4,
  });
  const outcomes = session.send(TRANSACTION, LARGE);
  await clock.advance(2000);
  assertEquals(brief(await outcomes), ["7 deferred host text us 451"]);
});

Deno.test("send() drops the connection over a message that it can't read", async () => {
  const { session, written } = sessionWith(READY);
  const [outcome] = await session.send(TRANSACTION, {
    kind: "file",
    path: "gone",
  });
  assertEquals(brief([outcome!]), ["7 deferred message text us 451"]);
  assertEquals(
    outcome?.reply.text,
    "Cannot read the message: Input/output error",
  );
  assertEquals(written.at(-1), "DATA\r\n");
  assertEquals(session.isOpen, false);
});

Deno.test("send() lets go of a file that it didn't read to its end", async () => {
  const pieces = ["first\r\n", "second\r\n"].map((line) => line.repeat(5_000));
  let open = true;
  async function* stream() {
    try {
      for (const piece of pieces) {
        yield await Promise.resolve(new TextEncoder().encode(piece));
      }
    } finally {
      open = false;
    }
  }
  const { session, written } = sessionWith([...READY, null], {
    refusesAt: 4,
    disk: { stream },
  });
  await session.send(TRANSACTION, { kind: "file", path: "large" });
  assertEquals(written.at(-1), pieces[0]);
  assertEquals(open, false);
});

for (
  const [step, turns] of [
    ["greeting", []],
    ["hello", ["220 mx"]],
    ["mail", OPENED],
    ["rcpt", [...OPENED, "250 OK"]],
    ["data", [...OPENED, "250 OK", "250 OK"]],
    ["dot", READY],
  ] as const
) {
  Deno.test(`send() waits for the answer at "${step}" as long as it may take`, async () => {
    const { session, clock } = sessionWith([...turns, "silence"]);
    let outcomes: readonly Outcome[] | undefined;
    const sent = session.send(TRANSACTION, CONTENT)
      .then((found) => outcomes = found);
    await clock.advance(CLIENT_TIME_LIMITS[step] - 1000);
    assertEquals(outcomes, undefined);
    await clock.advance(2000);
    assertEquals(brief(await sent), [`7 deferred host ${step} us 451`]);
    assertMatch(String(outcomes?.[0]?.reply.text), /^Timed out /);
    assertEquals(clock.pending(), 0);
  });

  Deno.test(`send() ends at "${step}" when the server stops`, async () => {
    const { session, clock, timeLimits } = sessionWith([...turns, "silence"]);
    const sent = session.send(TRANSACTION, CONTENT);
    await clock.advance(10);
    timeLimits.hurry();
    const [outcome] = await sent;
    assertEquals(brief([outcome!]), [`7 deferred message ${step} us 451`]);
    assertEquals(outcome?.reply.status, "4.3.2");
    assertEquals(session.isOpen, false);
    assertEquals(clock.pending(), 0);
  });
}

Deno.test("send() defers when the server reads nothing for too long", async () => {
  const { session, clock } = sessionWith(READY, { stallsAt: 4 });
  const sent = session.send(TRANSACTION, LARGE);
  await clock.advance(CLIENT_TIME_LIMITS.text + 1000);
  assertEquals(brief(await sent), ["7 deferred host text us 451"]);
  assertEquals(session.isOpen, false);
});

Deno.test("send() ends in mid-write when the server stops", async () => {
  const { session, clock, timeLimits } = sessionWith(READY, { stallsAt: 4 });
  const sent = session.send(TRANSACTION, LARGE);
  await clock.advance(10);
  timeLimits.hurry();
  assertEquals(brief(await sent), ["7 deferred message text us 451"]);
});
