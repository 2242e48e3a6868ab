/** Mail handed over to the octet: in chunks that are counted, so that no dot need be stuffed. */
import { connect, queuedId, type SmtpClient } from "./smtp_client.ts";

/** A message, and what is said of it. */
export interface Submission {
  readonly from: string;
  readonly to: readonly string[];
  readonly content: Uint8Array<ArrayBuffer>;
  /** What follows the address in MAIL, such as `SMTPUTF8`. */
  readonly mail?: string;
  /** What follows the address in each RCPT, such as `NOTIFY=SUCCESS`. */
  readonly rcpt?: string;
}

/** Sends one message; gives the reply to it. */
export async function submit(
  port: number,
  submission: Submission,
): Promise<string> {
  using client = await connect(port);
  await client.say("EHLO client.test");
  const reply = await send(client, submission);
  await client.say("QUIT");
  return reply;
}

/**
 * Sends `count` messages by a few clients at once, each message with a mark of its own for `markOf`;
 * gives the marks.
 */
export async function submitMany(
  port: number,
  { name, count, text = () => "hello\r\n", ...envelope }:
    & Omit<Submission, "content">
    & {
      /** What the marks begin with. */
      readonly name: string;
      readonly count: number;
      /** What a message says, by its number from 0 on. */
      readonly text?: (number: number) => string;
    },
): Promise<readonly string[]> {
  const marks = Array.from(
    { length: count },
    (_, number) => `${name}-${number}`,
  );
  const waiting = marks.entries();
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    using client = await connect(port);
    await client.say("EHLO client.test");
    for (const [number, mark] of waiting) {
      const message = `X-Mark: ${mark}\r\n\r\n${text(number)}`;
      const content = encoder.encode(message);
      queuedId(await send(client, { ...envelope, content }));
    }
  }));
  return marks;
}

async function send(
  client: SmtpClient,
  { from, to, content, mail, rcpt }: Submission,
): Promise<string> {
  const commands = [
    command(`MAIL FROM:<${from}>`, mail),
    ...to.map((address) => command(`RCPT TO:<${address}>`, rcpt)),
  ];
  await client.send(
    `${commands.join("")}BDAT ${content.length} LAST\r\n`,
  );
  await client.send(content);
  for (const line of commands) {
    const reply = await client.reply();
    if (!reply.startsWith("250")) throw new Error(`${line}${reply}`);
  }
  return await client.reply();
}

function command(line: string, parameters = ""): string {
  return `${line}${parameters && ` ${parameters}`}\r\n`;
}

/** Clients that send at once. */
const CLIENTS = 8;

const encoder = new TextEncoder();
