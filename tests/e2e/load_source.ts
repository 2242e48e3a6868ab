/** Clients that send mail until the server is gone, and remember what it took on. */
import { dial } from "./smtp_client.ts";

/** Mail that is being sent. */
export interface Load {
  /** The marks of the messages that were acknowledged. */
  readonly acknowledged: ReadonlySet<string>;
  /** Resolves when every client has lost its connection. */
  readonly over: Promise<void>;
}

/** Starts to send to petya@test.ru; each message has a mark of its own, with `name` in it. */
export function startLoad(
  port: number,
  { name, clients = 8 }: { readonly name: string; readonly clients?: number },
): Load {
  const acknowledged = new Set<string>();
  const all = Array.from({ length: clients }, async (_, client) => {
    const nextMark = counter(`${name}-${client}`);
    // However the connection breaks, it is over then.
    await sendUntilGone(port, nextMark, acknowledged).catch(() => {});
  });
  return { acknowledged, over: Promise.all(all).then(() => {}) };
}

/** The mark of a message that {@linkcode startLoad} sent. */
export function markOf(mail: string): string | undefined {
  return /^X-Mark: (\S+)\r\n/m.exec(mail)?.[1];
}

function counter(name: string): () => string {
  let last = 0;
  return () => `${name}-${++last}`;
}

async function sendUntilGone(
  port: number,
  nextMark: () => string,
  acknowledged: Set<string>,
): Promise<void> {
  using client = await dial(port);
  await client.reply();
  await client.say("EHLO client.test");
  for (let count = 1;; count++) {
    const mark = nextMark();
    await client.send(
      "MAIL FROM:<vasya@other.test>\r\nRCPT TO:<petya@test.ru>\r\nDATA\r\n",
    );
    await client.reply();
    await client.reply();
    if (!(await client.reply()).startsWith("354 ")) return;
    // Now and then one that goes through the spool.
    const lines = count % 10 === 0 ? 5000 : 50;
    await client.send(
      `X-Mark: ${mark}\r\n\r\n${"some more text\r\n".repeat(lines)}.\r\n`,
    );
    if (!(await client.reply()).startsWith("250 ")) return;
    acknowledged.add(mark);
  }
}
