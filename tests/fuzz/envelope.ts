/**
 * What a hostile envelope makes the client say: one line for each command, which means just that
 * envelope, or nothing at all.
 */
import { assert, assertEquals } from "@std/assert";
import type { Mailbox } from "../../src/smtp/address.ts";
import { ClientSession } from "../../src/smtp/client.ts";
import type { Transaction } from "../../src/smtp/client_envelope.ts";
import { parseCommand } from "../../src/smtp/command.ts";
import { offering } from "../smtp/client_play.ts";
import { anyText, repeat } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const OFFER = offering(
  ..."PIPELINING SIZE 8BITMIME SMTPUTF8 DSN".split(" "),
);
const PIECES = [
  ...["a", "b.test", "\r\nRSET", "\r", "\n", "\0", " ", ">", "<", '"', "\\"],
  ...["> SIZE=1", "\r\nDATA\r\n", "@", "ж", "\u0085", "\u2028", "+0D+0A", "="],
  ...["x".repeat(70), ".", "[127.0.0.1]", "\x7f", ";", ","],
];

/** One try. */
export function envelope(seed: number): void {
  const chance = random(seed);
  const hostname = chance.chance(0.2) ? hostile(chance) : "me.test";
  const transaction = anyTransaction(chance);
  showing({ hostname, transaction }, () => {
    const lines = linesFor(hostname, transaction);
    if (lines !== undefined) check(lines, hostname, transaction);
  });
}

function anyTransaction(chance: Random): Transaction {
  const notify = chance.pick([[], ["SUCCESS", "DELAY"]] as const);
  return {
    from: chance.chance(0.2) ? null : anyMailbox(chance),
    recipients: Array.from({ length: 1 + chance.below(3) }, (_, number) => ({
      number,
      address: anyMailbox(chance),
      ...(chance.chance(0.5) && { notify }),
      ...(chance.chance(0.5) && {
        orcpt: {
          type: chance.chance(0.3)
            ? hostile(chance)
            : chance.pick(["rfc822", "utf-8"]),
          address: hostile(chance),
        },
      }),
    })),
    size: chance.pick([0, 10, 1e9]),
    body: chance.pick(["7BIT", "8BITMIME"]),
    smtputf8: chance.chance(0.5),
    ...(chance.chance(0.3) && { ret: chance.pick(["FULL", "HDRS"]) }),
    ...(chance.chance(0.5) && { envid: hostile(chance) }),
  };
}

function anyMailbox(chance: Random): Mailbox {
  return {
    local: chance.chance(0.5) ? hostile(chance) : "petya",
    domain: chance.chance(0.2) ? hostile(chance) : "b.test",
  };
}

/** Text from UTF-8, as all is that comes in: without halves of surrogate pairs. */
function hostile(chance: Random): string {
  const text = chance.chance(0.3)
    ? anyText(chance, 5)
    : repeat(chance, 3, () => chance.pick(PIECES));
  return text.toWellFormed();
}

/** The lines of the envelope, as they go out; `undefined` when it isn't sent. */
function linesFor(
  hostname: string,
  transaction: Transaction,
): readonly string[] | undefined {
  let output = "";
  try {
    const session = new ClientSession({ hostname, tls: "never" });
    session.send(transaction);
    for (;;) {
      const effect = session.next();
      if (effect.type === "write") output += effect.text;
      else if (effect.type !== "read") return output.split("\r\n");
      else if (effect.wait === "mail") return output.split("\r\n");
      else {
        const reply = effect.wait === "hello" ? OFFER : "220 Hi";
        session.receive(new TextEncoder().encode(`${reply}\r\n`));
      }
    }
  } catch (cause) {
    assert(cause instanceof TypeError, String(cause));
    assert(output === "", "sent, and then refused");
    return undefined;
  }
}

function check(
  lines: readonly string[],
  hostname: string,
  { from, recipients, ret, envid }: Transaction,
): void {
  const [hello, mail, ...rest] = lines;
  assertEquals(hello, `EHLO ${hostname}`);
  assertEquals(rest.slice(recipients.length), ["DATA", ""]);
  const sender = parseCommand(mail!);
  if (sender.verb !== "MAIL") throw new Error(mail);
  assertEquals(sender.from, from);
  assertEquals(sender.parameters.ret, ret);
  // What is too long once it is encoded is left out.
  if (envid === undefined || envid.length < 30) {
    assertEquals(sender.parameters.envid, envid);
  }
  for (const [index, { address, notify, orcpt }] of recipients.entries()) {
    const command = parseCommand(rest[index]!);
    if (command.verb !== "RCPT") throw new Error(rest[index]);
    assertEquals(command.to, address);
    const { parameters } = command;
    assertEquals(parameters.notify, notify);
    if (orcpt === undefined || orcpt.address.length < 30) {
      const type = orcpt?.type.toLowerCase();
      assertEquals(parameters.orcpt, orcpt && { ...orcpt, type });
    }
  }
}
