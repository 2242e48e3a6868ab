/**
 * The client's session against servers that say anything at all, in any order. Whatever they do: it
 * never throws, it ends, each recipient has exactly one outcome, and none is delivered unless a plain
 * count of commands and replies says so: yes to its RCPT, yes to the end of the message.
 */
import { assert, assertEquals } from "@std/assert";
import { ClientSession } from "../../src/smtp/client.ts";
import type { Transaction } from "../../src/smtp/client_envelope.ts";
import type { ClientConfig } from "../../src/smtp/client_opening.ts";
import type { Outcome } from "../../src/smtp/client_outcome.ts";
import { to } from "../smtp/client_play.ts";
import { Wire } from "./client_wire.ts";
import { answerTo, HOSTILE } from "./hostile_server.ts";
import { type Random, random } from "./random.ts";

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
  readonly wire: Wire;
  readonly dialogue: readonly string[];
}

const EFFECT_LIMIT = 20_000;
const PIECES = ["a\r\n.\r", "\n", ".", "\r\n.\r\n", "\n.\n", "..", "", "\r"];

/** Characters of the longest group of commands: RFC 2920's window here, and one more line. */
const WRITE = 4096 + 1024;

/** Characters of record that one effect may bring: a whole reply, at its longest. */
const RECORD = 64 * 1024 * 3;

/** One try. */
export function client(seed: number): void {
  const ran = play(random(seed));
  try {
    check(ran);
  } catch (cause) {
    throw new Error(ran.dialogue.slice(-200).join("\n"), { cause });
  }
}

/** Plays it; gives the outcomes, for those who want to know how far it gets. */
export function outcomesOf(seed: number): readonly Outcome[] {
  return play(random(seed)).outcomes.flat();
}

function play(chance: Random): Ran {
  const config = chance.pick(CONFIGS);
  const session = new ClientSession({
    hostname: "me.test",
    tls: "never",
    ...config,
  });
  /** How likely each of the server's turns goes wrong. */
  const malice = chance.pick([0, 0.02, 0.05, 0.1, 0.5]);
  const sent: Transaction[] = [];
  const outcomes: (readonly Outcome[])[] = [];
  const dialogue: string[] = [];
  const wire = new Wire();
  let exchanges = 0;
  const send = () => {
    sent.push(chance.pick(TRANSACTIONS));
    wire.transaction(sent.at(-1)!);
    session.send(sent.at(-1)!);
  };
  const receive = (text: string) => {
    wire.receive(text);
    session.receive(new TextEncoder().encode(text));
  };
  if (chance.chance(0.7)) send();
  for (let count = 0; count < EFFECT_LIMIT; count++) {
    const effect = session.next();
    const record = session.takeDialogue();
    assert(record.join("").length < RECORD, "too much record");
    dialogue.push(...record);
    wire.mayDo(effect.type);
    switch (effect.type) {
      case "read":
        switch (chance.chance(malice / 5) ? chance.below(2) : -1) {
          case 0:
            session.timeout();
            break;
          case 1:
            session.lost("EOF");
            break;
          default:
            receive(answerTo(effect.wait, chance, malice));
        }
        break;
      case "write":
        assert(effect.text.length < WRITE, "too much at once");
        wire.send(effect.text);
        if (chance.chance(malice / 20)) session.lost("EPIPE");
        break;
      case "body":
        switch (chance.chance(malice / 2) ? chance.below(3) : -1) {
          case 0:
            receive(chance.pick(HOSTILE));
            break;
          case 1:
            session.lost("EPIPE");
            break;
          case 2:
            session.abort({ code: 451, text: "Cannot read" });
            break;
          default:
            sendPiece(session, wire, chance);
        }
        break;
      case "handshake":
        wire.handshake();
        if (chance.chance(malice)) session.handshakeFailed("bad certificate");
        else session.secured({ verified: chance.chance(0.5) });
        break;
      case "auth":
        assert(config.auth, "an account nobody gave");
        // A mechanism is at its end some time; it's not for the session to know when.
        if (exchanges++ > 5 || chance.chance(malice)) session.cancel("no");
        else session.response(chance.pick(["", "YQ==", undefined]));
        break;
      case "outcome":
        outcomes.push(effect.outcomes);
        wire.outcome(effect.outcomes);
        break;
      case "idle":
        if (chance.chance(malice)) receive(chance.pick(HOSTILE));
        else if (sent.length < 4 && chance.chance(0.8)) send();
        else session.quit();
        break;
      case "close":
        return { sent, outcomes, wire, dialogue };
      default:
        effect satisfies never;
    }
  }
  throw new Error(`No end:\n${dialogue.slice(-20).join("\n")}`);
}

/** The next piece of a message, or its end. */
function sendPiece(session: ClientSession, wire: Wire, chance: Random): void {
  if (chance.chance(0.4)) session.bodyDone();
  else {
    const piece = new TextEncoder().encode(chance.pick(PIECES));
    wire.text(session.stuff(piece));
  }
}

function check({ sent, outcomes, dialogue }: Ran): void {
  const told = outcomes.map((some) => some.map(({ recipient }) => recipient));
  const numbers = sent.map(({ recipients }) =>
    recipients.map(({ number }) => number)
  );
  assertEquals(told, numbers);
  for (const { at, reply, by, status } of outcomes.flat()) {
    assert(status !== "delivered" || (at === "dot" && by === "server"));
    assertEquals(status === "delivered", reply.code < 300);
  }
  // deno-lint-ignore no-control-regex -- what must never get into the record
  assert(dialogue.every((line) => !/[\x00-\x1f\x7f-\x9f]/.test(line)));
}
