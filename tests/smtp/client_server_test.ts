/** ClientSession against ServerSession, octets both ways in memory. */
import { assert, assertEquals } from "@std/assert";
import type { Mailbox } from "../../src/smtp/address.ts";
import { ClientSession } from "../../src/smtp/client.ts";
import type { Transaction } from "../../src/smtp/client_envelope.ts";
import type { Outcome } from "../../src/smtp/client_outcome.ts";
import type { Reply } from "../../src/smtp/reply.ts";
import * as replies from "../../src/smtp/replies.ts";
import { ServerSession } from "../../src/smtp/server.ts";
import type { Question } from "../../src/smtp/state.ts";
import { brief, ENCODER, to } from "./client_play.ts";

const CUTS = [1, 2, 3, 7, 64, Infinity];

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

type Bytes = Uint8Array<ArrayBuffer>;

/** A message that the server committed. */
interface Kept {
  readonly from: Mailbox | null;
  readonly to: readonly Mailbox[];
  readonly bytes: Bytes;
}

interface Settings {
  readonly tls?: boolean;
  readonly mechanisms?: readonly string[];
  readonly maxSize?: number;
  readonly maxRecipients?: number;
  /** The octets of the n-th message. */
  readonly bodies: readonly Bytes[];
  readonly transactions: readonly Transaction[];
  readonly cut: number;
}

/** Lets the two talk until the connection closes. */
class Conversation {
  readonly kept: Kept[] = [];
  readonly outcomes: (readonly Outcome[])[] = [];
  readonly #settings: Settings;
  readonly #client: ClientSession;
  readonly #server: ServerSession;
  #toServer: Bytes = new Uint8Array();
  #toClient: Bytes = new Uint8Array();
  #receiving: Bytes = new Uint8Array();
  #sent = 0;
  #message = 0;
  #closed = false;

  constructor(settings: Settings) {
    const { tls = false, mechanisms = [] } = settings;
    this.#settings = settings;
    this.#client = new ClientSession({
      hostname: "me.test",
      tls: tls ? "require" : "opportunistic",
      ...(mechanisms.length > 0 && { auth: { mechanisms, inTheClear: false } }),
    });
    this.#server = new ServerSession({
      hostname: "mx.test",
      maxSize: settings.maxSize ?? 10_000_000,
      maxRecipients: settings.maxRecipients ?? 1_000,
      maxFaults: 0,
      tls,
      mechanisms: { clear: [], secure: mechanisms },
      authRequired: mechanisms.length > 0,
    });
  }

  /** Runs both to the end; throws if neither can go on. */
  run(): this {
    for (;;) {
      const served = this.#serve();
      const asked = this.#ask();
      if (asked === "closed") return this;
      if (!served && !asked) throw new Error("Neither side can go on");
    }
  }

  get client(): ClientSession {
    return this.#client;
  }

  /** One effect of the server; `false` when it waits. */
  #serve(): boolean {
    const effect = this.#server.next();
    switch (effect.type) {
      case "read": {
        const bytes = this.#take("#toServer");
        if (bytes.length > 0) this.#server.receive(bytes);
        return bytes.length > 0;
      }
      case "write":
        this.#toClient = join(this.#toClient, ENCODER.encode(effect.text));
        return true;
      case "ask":
        this.#server.answer(this.#decide(effect.question));
        return true;
      case "body":
        this.#receiving = join(this.#receiving, effect.bytes);
        return true;
      case "discard":
        this.#receiving = new Uint8Array();
        return true;
      case "handshake":
        this.#server.secured();
        return true;
      case "close": {
        const news = !this.#closed;
        this.#closed = true;
        return news;
      }
      default:
        return effect satisfies never;
    }
  }

  #decide(question: Question): Reply {
    switch (question.ask) {
      case "connect":
        return replies.greeting("mx.test");
      case "mail":
        return replies.SENDER_OK;
      case "rcpt":
        return question.to.local.startsWith("no")
          ? replies.NO_SUCH_USER
          : replies.RECIPIENT_OK;
      case "auth":
        return replies.challenge("UGFzc3dvcmQ6");
      case "response":
        return replies.AUTHENTICATED;
      case "open":
        return question.via === "DATA" ? replies.START_MAIL : replies.OK;
      case "commit": {
        const { from, to } = question.envelope;
        this.kept.push({
          from,
          to: to.map(({ mailbox }) => mailbox),
          bytes: this.#receiving,
        });
        this.#receiving = new Uint8Array();
        return replies.queued("ID");
      }
      default:
        return question satisfies never;
    }
  }

  /** One effect of the client; `false` when it waits. */
  #ask(): boolean | "closed" {
    const client = this.#client;
    const effect = client.next();
    switch (effect.type) {
      case "read": {
        const bytes = this.#take("#toClient");
        if (bytes.length > 0) client.receive(bytes);
        else if (this.#closed) client.lost("EOF");
        return bytes.length > 0 || this.#closed;
      }
      case "write":
        this.#toServer = join(this.#toServer, ENCODER.encode(effect.text));
        return true;
      case "body":
        this.#send();
        return true;
      case "handshake":
        client.secured({ verified: false });
        return true;
      case "auth":
        client.response(
          effect.challenge === undefined ? undefined : "c2VjcmV0",
        );
        return true;
      case "outcome":
        this.outcomes.push(effect.outcomes);
        return true;
      case "idle": {
        const next = this.#settings.transactions[this.#message++];
        this.#sent = 0;
        if (next) client.send(next);
        else client.quit();
        return true;
      }
      case "close":
        return "closed";
      default:
        return effect satisfies never;
    }
  }

  #send(): void {
    const { bodies, cut } = this.#settings;
    const body = bodies[this.#message - 1]!;
    if (this.#sent === body.length) return this.#client.bodyDone();
    const piece = body.slice(this.#sent, this.#sent + cut);
    this.#sent += piece.length;
    this.#toServer = join(this.#toServer, this.#client.stuff(piece));
  }

  #take(side: "#toServer" | "#toClient"): Bytes {
    const bytes = side === "#toServer" ? this.#toServer : this.#toClient;
    const { cut } = this.#settings;
    if (side === "#toServer") this.#toServer = bytes.slice(cut);
    else this.#toClient = bytes.slice(cut);
    return bytes.slice(0, cut);
  }
}

function join(left: Bytes, right: Bytes): Bytes {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

/** Texts full of what end-of-line and dot handling can get wrong; all of them end in CRLF. */
const TEXTS: readonly string[] = [
  "\r\n",
  ".\r\n",
  "..\r\n",
  "Subject: a\r\n\r\n.\r\n..\r\n...\r\n.a\r\na.\r\n",
  "\r\n.\r\n\r\n.\r\n",
  "\r\n\r\n\r\n",
  ".\r\n.\r\n.\r\nQUIT\r\n.\r\n",
  `${".".repeat(200)}\r\n`,
  `${".\r\n".repeat(300)}`,
  `${"x".repeat(3_000)}\r\n.${"y".repeat(3_000)}\r\n`,
  "Subject: \u0431\u0443\u043a\u0432\u044b\r\n\r\n.\u0430\r\n",
];

for (const cut of CUTS) {
  test(`a message arrives octet for octet, cut at ${cut}`, () => {
    const { kept, outcomes } = new Conversation({
      transactions: TEXTS.map((text) => ({
        ...to("petya@test.ru", "masha@test.ru"),
        size: ENCODER.encode(text).length,
        body: "8BITMIME",
      })),
      bodies: TEXTS.map((text) => ENCODER.encode(text)),
      cut,
    }).run();
    for (const [index, text] of TEXTS.entries()) {
      assertEquals(brief(outcomes[index]), [
        "delivered message dot 250",
        "delivered message dot 250",
      ]);
      assertEquals(kept[index]!.bytes, ENCODER.encode(text));
      assertEquals(kept[index]!.to.map(({ local }) => local), [
        "petya",
        "masha",
      ]);
    }
    assertEquals(kept.length, TEXTS.length);
  });

  test(`octets arrive as they are with BINARYMIME, cut at ${cut}`, () => {
    const bytes = Uint8Array.from({ length: 600 }, (_, n) => n * 7 % 256);
    const { kept, outcomes } = new Conversation({
      transactions: [{ ...to("petya@test.ru"), body: "BINARYMIME" }],
      bodies: [bytes],
      cut,
    }).run();
    assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
    assertEquals(kept.map((message) => message.bytes), [bytes]);
  });

  test(`TLS, authentication and mixed recipients work, cut at ${cut}`, () => {
    const { kept, outcomes, client } = new Conversation({
      tls: true,
      mechanisms: ["LOGIN"],
      maxRecipients: 2,
      transactions: [
        to("a@t.ru", "nobody@t.ru", "b@t.ru", "c@t.ru"),
        to("nobody@t.ru"),
        to("c@t.ru"),
      ],
      bodies: [1, 2, 3].map((n) => ENCODER.encode(`${n}\r\n`)),
      cut,
    }).run();
    assertEquals(outcomes.map(brief), [
      [
        "delivered message dot 250",
        "failed recipient rcpt 550",
        // The limit that LIMITS announced counts what is asked, not what is taken.
        "deferred recipient rcpt 452 4.5.3 soon",
        "deferred recipient rcpt 452 4.5.3 soon",
      ],
      ["failed recipient rcpt 550"],
      ["delivered message dot 250"],
    ]);
    assertEquals(
      kept.map(({ bytes }) => bytes),
      [1, 3].map((n) => ENCODER.encode(`${n}\r\n`)),
    );
    assertEquals(client.state.tls, "unverified");
    assert(client.state.authenticated);
  });
}

test("a message that has bare CR and LF arrives with CRLF", () => {
  for (const cut of CUTS) {
    const { kept, outcomes } = new Conversation({
      transactions: [to("petya@test.ru")],
      bodies: [ENCODER.encode("a\n.\nb\r.\rc\r\r\n\n.")],
      cut,
    }).run();
    assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
    assertEquals(
      new TextDecoder().decode(kept[0]!.bytes),
      "a\r\n.\r\nb\r\n.\r\nc\r\n\r\n\r\n.\r\n",
    );
  }
});

test("an empty message arrives empty", () => {
  const { kept, outcomes } = new Conversation({
    transactions: [{ ...to("petya@test.ru"), size: 0 }],
    bodies: [new Uint8Array()],
    cut: Infinity,
  }).run();
  assertEquals(brief(outcomes[0]), ["delivered message dot 250"]);
  assertEquals(kept[0]!.bytes.length, 0);
});

test("a message that is too big for the server is not sent", () => {
  const { kept, outcomes } = new Conversation({
    maxSize: 10,
    transactions: [{ ...to("petya@test.ru"), size: 11 }, {
      ...to("petya@test.ru"),
      size: 10,
    }],
    bodies: [ENCODER.encode("123456789\r\n"), ENCODER.encode("123456789\r\n")],
    cut: Infinity,
  }).run();
  // The second said that it was smaller than it is.
  assertEquals(outcomes.map(brief), [
    ["failed message mail 552 5.3.4"],
    ["failed message dot 552"],
  ]);
  assertEquals(kept, []);
});

test("a thousand recipients are taken in few round trips", () => {
  const addresses = Array.from({ length: 1_000 }, (_, n) => `user${n}@test.ru`);
  const { kept, outcomes } = new Conversation({
    transactions: [to(...addresses)],
    bodies: [ENCODER.encode("Hi\r\n")],
    cut: 1_400,
  }).run();
  assertEquals(kept[0]!.to.length, 1_000);
  assert(outcomes[0]!.every(({ status }) => status === "delivered"));
});
