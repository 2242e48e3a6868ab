/** Rows of the queue: what is written is read, and what is damaged is clearly refused. */
import { assert, assertEquals } from "@std/assert";
import type { Message, RecipientState } from "../../src/queue/queue.ts";
import {
  decodeAttempt,
  decodeEnvelope,
  decodeOrder,
  decodeStates,
  encodeEnvelope,
  encodeStates,
} from "../../src/queue/sqlite/encoding.ts";
import { anyAddress } from "./addresses.ts";
import { anyText, changed, several } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const ID = "00000000100";
const TOKENS = [
  ...["{", "}", "[", "]", ",", ":", '"', "null", "true", "-1", "1e999", "0.5"],
  ...["\\", "\0", "[".repeat(100), '"__proto__":{},', '"from":', "1e400", "{}"],
];

/** One try. */
export function rows(seed: number): void {
  const chance = random(seed);
  const message = anyMessage(chance);
  const envelope = encodeEnvelope(message);
  assertEquals(decodeEnvelope(ID, envelope), message);
  const states = message.recipients.map(() => anyState(chance));
  assertEquals(decodeStates(encodeStates(states)), states);

  const damaged = changed(
    chance,
    chance.pick([envelope, encodeStates(states), anyText(chance, 10)]),
    TOKENS,
  );
  showing(damaged, () => {
    orRefused(() => {
      const { from, recipients } = decodeEnvelope(ID, damaged);
      assert(recipients.length > 0, "nobody");
      for (const { address } of recipients) {
        assert(typeof address.domain === "string", "no domain");
      }
      assert(from === null || typeof from.local === "string", "no name");
    });
    orRefused(() => {
      for (const { nextAttempt, attempts } of decodeStates(damaged)) {
        assert(Number.isFinite(nextAttempt) && Number.isInteger(attempts));
      }
    });
    orRefused(() => decodeOrder(damaged, chance.pick([0, null, damaged])));
    orRefused(() => decodeAttempt({ status: damaged, at: damaged }));
  });
}

function orRefused(read: () => void): void {
  try {
    read();
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
}

function anyMessage(chance: Random): Message {
  const text = () => anyText(chance, 8);
  return {
    id: ID,
    from: chance.chance(0.2) ? null : anyAddress(chance),
    receivedAt: chance.below(2 ** 41),
    size: chance.below(2 ** 31),
    smtputf8: chance.chance(0.5),
    body: chance.pick(["7BIT", "8BITMIME", "BINARYMIME"]),
    session: text(),
    client: chance.chance(0.2) ? null : { address: "::1", helo: text() },
    ...(chance.chance(0.5) && { trusted: true }),
    ...(chance.chance(0.5) && { ret: chance.pick(["FULL", "HDRS"]) }),
    ...(chance.chance(0.5) && { envid: text() }),
    recipients: [0, ...several(chance, 3, () => 0)].map((_, number) => ({
      number,
      address: anyAddress(chance),
      original: anyAddress(chance),
      ...(chance.chance(0.5) && { notify: chance.pick([[], ["DELAY"]]) }),
      ...(chance.chance(0.5) && {
        orcpt: { type: "rfc822", address: text() },
      }),
    })),
  };
}

function anyState(chance: Random): RecipientState {
  return {
    status: chance.pick(["waiting", "delivered", "failed"]),
    attempts: chance.below(100),
    nextAttempt: chance.below(2 ** 41),
    lastAttempt: chance.pick([null, 0, 1e12]),
    lastReply: anyText(chance, 10),
    lastHost: anyText(chance, 5),
    ...(chance.chance(0.5) && { warned: true }),
  };
}
