/**
 * ClientSession against servers that say anything at all, in any order. Whatever they do: it never
 * throws, it ends, each recipient has exactly one outcome, and none is delivered unless a 2xx came
 * when nothing but the answer to the whole message was owed.
 */
import { assert, assertEquals } from "@std/assert";
import { ClientSession } from "../../src/smtp/client.ts";
import type { Transaction } from "../../src/smtp/client_envelope.ts";
import type { ClientConfig } from "../../src/smtp/client_opening.ts";
import type { Outcome } from "../../src/smtp/client_outcome.ts";
import { ENCODER, offering, to } from "./client_play.ts";

/** A repeatable source of numbers (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 up to, but not including, `sides`. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.roll(from.length)]!;
  }

  chance(percent: number): boolean {
    return this.roll(100) < percent;
  }
}

const KEYWORDS = [
  "PIPELINING",
  "SIZE 10",
  "SIZE 1000",
  "8BITMIME",
  "SMTPUTF8",
  "CHUNKING",
  "BINARYMIME",
  "DSN",
  "STARTTLS",
  "AUTH PLAIN LOGIN",
  "LIMITS RCPTMAX=1 MAILMAX=2",
  "LIMITS RCPTMAX=2",
];

/** Replies that would do at each step, so that the fuzz gets somewhere. */
const PROPER: Readonly<Record<string, readonly string[]>> = {
  greeting: ["220 Hi\r\n"],
  starttls: ["220 Go\r\n", "454 No\r\n"],
  auth: ["235 Welcome\r\n", "334 YWJj\r\n"],
  reset: ["250 OK\r\n"],
  mail: ["250 OK\r\n"],
  rcpt: ["250 OK\r\n", "550 5.1.1 No\r\n", "452 4.5.3 Full\r\n"],
  data: ["354 Go\r\n"],
  text: ["250 OK\r\n"],
  dot: ["250 OK\r\n", "451 Hm\r\n"],
  quit: ["221 Bye\r\n"],
};

const HOSTILE = [
  "",
  "250",
  "250-",
  "250-go on\r\n",
  "250 OK\r\n250 OK\r\n250 OK\r\n",
  "354 Go\r\n354 Go\r\n",
  "354 Go\r\n250 Queued\r\n250 Queued\r\n",
  "421 Bye\r\n",
  "451 Later\r\n",
  "550 No\r\n",
  "552 Too much\r\n",
  "334 YWJj\r\n",
  "220 Hi\r\n",
  "\r\n",
  "\n\n",
  "hello\r\n",
  "\x16\x03\x01\x00",
  "250 \x00\x1b[2J\r\n",
  "999 Hm\r\n",
  "999999999999999999999999 Hm\r\n",
  `250 ${"x".repeat(5_000)}\r\n`,
  `250-${"x".repeat(80_000)}`,
  "250-x\r\n".repeat(12_000),
];

const TRANSACTIONS: readonly Transaction[] = [
  to("a@t.ru"),
  to("a@t.ru", "b@t.ru", "c@t.ru"),
  { ...to("a@t.ru", "b@t.ru"), body: "8BITMIME" },
  { ...to("a@t.ru", "b@t.ru"), body: "BINARYMIME" },
  { ...to("a@t.ru", "петя@t.ru"), smtputf8: true },
  { ...to("a@t.ru", "петя@t.ru"), size: 8 },
  to(...Array.from({ length: 300 }, (_, n) => `user${n}@t.ru`)),
];

const CONFIGS: readonly Partial<ClientConfig>[] = [
  {},
  { tls: "opportunistic" },
  { tls: "require" },
  { tls: "implicit" },
  { auth: { mechanisms: ["PLAIN"], inTheClear: true } },
  {
    tls: "opportunistic",
    auth: { mechanisms: ["LOGIN", "PLAIN"], inTheClear: false },
  },
];

/** What came of a session with a random server. */
interface Ran {
  readonly sent: readonly Transaction[];
  readonly outcomes: readonly (readonly Outcome[])[];
  /** For each transaction, whether a 2xx was given when only the last answer was owed. */
  readonly confirmed: readonly boolean[];
  readonly dialogue: readonly string[];
}

const EFFECT_LIMIT = 20_000;
const PIECES = ["a\r\n.\r", "\n", ".", "\r\n.\r\n", "\n.\n", ""];

function run(dice: Dice): Ran {
  const session = new ClientSession({
    hostname: "me.test",
    tls: "never",
    ...dice.pick(CONFIGS),
  });
  /** How many in a hundred of the server's turns go wrong. */
  const malice = dice.pick([0, 2, 5, 10, 50]);
  const sent: Transaction[] = [];
  const outcomes: (readonly Outcome[])[] = [];
  const confirmed: boolean[] = [];
  const dialogue: string[] = [];
  let confirming = false;
  let exchanges = 0;
  const send = () => {
    sent.push(dice.pick(TRANSACTIONS));
    session.send(sent.at(-1)!);
  };
  if (dice.chance(70)) send();
  for (let count = 0; count < EFFECT_LIMIT; count++) {
    const effect = session.next();
    dialogue.push(...session.takeDialogue());
    switch (effect.type) {
      case "read": {
        const fate = dice.roll(1_000);
        if (fate < malice) session.timeout();
        else if (fate < 2 * malice) session.lost("EOF");
        else {
          const text = answer(effect.wait, dice, malice);
          if (effect.wait === "dot" && /2\d\d/.test(text)) confirming = true;
          session.receive(ENCODER.encode(text));
        }
        break;
      }
      case "write":
        if (dice.roll(2_000) < malice) session.lost("EPIPE");
        break;
      case "body": {
        const fate = dice.roll(500);
        if (fate < malice) session.receive(hostile(dice));
        else if (fate < 2 * malice) session.lost("EPIPE");
        else if (fate < 3 * malice) {
          session.abort({ code: 451, text: "Cannot read" });
        } else if (dice.chance(60)) {
          session.stuff(ENCODER.encode(dice.pick(PIECES)));
        } else session.bodyDone();
        break;
      }
      case "handshake":
        if (dice.chance(malice)) session.handshakeFailed("bad certificate");
        else session.secured({ verified: dice.chance(50) });
        break;
      case "auth":
        // A mechanism is at its end some time; it's not for the session to know when.
        if (exchanges++ > 5 || dice.chance(malice)) session.cancel("no");
        else session.response(dice.pick(["", "YQ==", undefined]));
        break;
      case "outcome":
        outcomes.push(effect.outcomes);
        confirmed.push(confirming);
        confirming = false;
        break;
      case "idle":
        if (dice.chance(malice)) {
          session.receive(ENCODER.encode(dice.pick(HOSTILE)));
        } else if (sent.length < 4 && dice.chance(80)) send();
        else session.quit();
        break;
      case "close":
        return { sent, outcomes, confirmed, dialogue };
      default:
        effect satisfies never;
    }
  }
  throw new Error(`No end:\n${dialogue.slice(-20).join("\n")}`);
}

function hostile(dice: Dice): Uint8Array {
  return ENCODER.encode(dice.pick(HOSTILE));
}

function answer(wait: string, dice: Dice, malice: number): string {
  if (dice.chance(malice)) return dice.pick(HOSTILE);
  if (wait === "hello") {
    const keywords = KEYWORDS.filter(() => dice.chance(40));
    return `${offering(...keywords)}\r\n`;
  }
  return dice.pick(PROPER[wait] ?? HOSTILE);
}

const ROUNDS = 40;
const SEEDS = 50;

for (let round = 0; round < ROUNDS; round++) {
  Deno.test({
    name: `ClientSession() survives hostile servers, seeds from ${
      round * SEEDS
    }`,
    permissions: "none",
    fn() {
      for (let seed = round * SEEDS; seed < (round + 1) * SEEDS; seed++) {
        check(run(new Dice(seed)), seed);
      }
    },
  });
}

function check(ran: Ran, seed: number): void {
  const { sent, outcomes, confirmed, dialogue } = ran;
  const told = outcomes.map((some) => some.map(({ recipient }) => recipient));
  const numbers = sent.map(({ recipients }) =>
    recipients.map(({ number }) => number)
  );
  assertEquals(told, numbers, `seed ${seed}:\n${dialogue.join("\n")}`);
  for (const [index, some] of outcomes.entries()) {
    const delivered = some.filter(({ status }) => status === "delivered");
    assert(
      delivered.length === 0 || confirmed[index],
      `seed ${seed}: delivered without a 2xx`,
    );
    for (const { at, reply, by, status } of some) {
      assert(status !== "delivered" || (at === "dot" && by === "server"));
      assertEquals(status === "delivered", reply.code < 300);
    }
  }
  // deno-lint-ignore no-control-regex -- what must never get into the record
  assert(dialogue.every((line) => !/[\x00-\x1f\x7f]/.test(line)));
}

Deno.test({
  name: "ClientSession() gets to deliver, defer and fail in the fuzz",
  permissions: "none",
  fn() {
    const seen = new Set<string>();
    for (let seed = 0; seed < 1_000; seed++) {
      for (const { status, at } of run(new Dice(seed)).outcomes.flat()) {
        seen.add(status);
        seen.add(at);
      }
    }
    for (
      const what of ["delivered", "deferred", "failed", ...Object.keys(PROPER)]
    ) {
      assert(seen.has(what) || what === "quit" || what === "reset", what);
    }
  },
});
