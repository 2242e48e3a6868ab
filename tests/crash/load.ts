/** Clients that send mail until the server is gone. */
import { random } from "../fuzz/random.ts";
import { dial, type SmtpClient } from "../e2e/smtp_client.ts";
import { type Letter, SENDER, writeLetter } from "./letters.ts";

const CLIENTS = 6;

/** Mail that is being sent. */
export interface Load {
  /** Resolves when so many messages have been acknowledged, or the server is gone. */
  acknowledged(count: number): Promise<void>;
  /** Resolves when every client has lost its connection. */
  readonly over: Promise<void>;
}

/** Starts to send; every message is noted in `letters` before it is. */
export function startLoad(
  port: number,
  { name, kills, seed, letters }: {
    /** What the marks begin with. */
    readonly name: string;
    readonly kills: number;
    readonly seed: number;
    readonly letters: Letter[];
  },
): Load {
  let count = 0;
  let waiting: { readonly count: number; readonly done: () => void }[] = [];
  const tell = () => {
    waiting.filter((each) => each.count <= count).forEach(({ done }) => done());
    waiting = waiting.filter((each) => each.count > count);
  };
  const all = Array.from({ length: CLIENTS }, async (_, client) => {
    const chance = random(seed + client);
    try {
      using connection = await dial(port);
      await connection.reply();
      await connection.say("EHLO client.test");
      for (let number = 1;; number++) {
        const mark = `${name}-${client}-${number}`;
        const letter = writeLetter(mark, kills, chance);
        letters.push(letter);
        if (!await send(connection, letter, chance.chance(0.3))) return;
        letter.acknowledged = true;
        count++;
        tell();
      }
    } catch {
      // However the connection breaks, it is over then.
    }
  });
  const over = Promise.all(all).then(() => {
    count = Infinity;
    tell();
  });
  return {
    over,
    acknowledged: (count) =>
      new Promise((done) => {
        waiting.push({ count, done });
        tell();
      }),
  };
}

/** Sends a message; returns whether it was acknowledged. */
async function send(
  client: SmtpClient,
  { to, content }: Letter,
  chunked: boolean,
): Promise<boolean> {
  const envelope = [
    `MAIL FROM:<${SENDER}> BODY=8BITMIME`,
    ...to.map((address) => `RCPT TO:<${address}>`),
  ];
  await client.send(envelope.map((line) => `${line}\r\n`).join(""));
  for (const line of envelope) {
    const reply = await client.reply();
    if (reply === "") return false;
    if (!reply.startsWith("250 ")) throw new Error(`${line}: ${reply}`);
  }
  const bytes = Uint8Array.from(
    chunked ? content : `${content.replace(/^\./gm, "..")}.\r\n`,
    (character) => character.charCodeAt(0),
  );
  if (chunked) await client.send(`BDAT ${bytes.length} LAST\r\n`);
  else if (!(await client.say("DATA")).startsWith("354 ")) return false;
  await client.send(bytes);
  return (await client.reply()).startsWith("250 ");
}
