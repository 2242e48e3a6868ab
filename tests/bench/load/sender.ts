/** Sends mail by a plan, over many sessions at once, and times it. */
import { type Client, openSession } from "./client.ts";
import { messageText } from "./message.ts";
import type { Outcome, Plan } from "./plan.ts";
import { percentile } from "./statistics.ts";
import type { GeneratedMail } from "./workloads.ts";

/** The octets of everything that is said. */
interface Script {
  readonly mail: Uint8Array<ArrayBuffer>;
  readonly rcpt: readonly Uint8Array<ArrayBuffer>[];
  readonly data: Uint8Array<ArrayBuffer>;
  /** The commands above as one. */
  readonly all: Uint8Array<ArrayBuffer>;
  readonly texts: readonly Uint8Array<ArrayBuffer>[];
}

const encoder = new TextEncoder();
const QUIT = encoder.encode("QUIT\r\n");

/** Sends the mail; resolves when each message is acknowledged or has failed. */
export async function send(
  { port, mail, to }: Extract<Plan, { kind: "send" }>,
): Promise<Outcome> {
  const script = write(mail, to);
  const errors = new Set<string>();
  const latencies: number[] = [];
  const open = () => openSession(port, mail);
  // Only what is offered at its time counts from then, so all must be ready for the first.
  const ready = mail.rate === undefined ? [] : await Promise.allSettled(
    Array.from({ length: mail.sessions }, open),
  );
  const from = Date.now();
  const take = takeTurns(mail);

  const work = async (session: number) => {
    const first = ready[session];
    let client = first?.status === "fulfilled" ? first.value : undefined;
    for (let task = take(); task !== undefined; task = take()) {
      try {
        client ??= await open();
        if (task.due !== undefined) await until(task.due);
        // A message that had to wait for a free session waited all the same.
        const begun = task.due ?? performance.now();
        await deliver(client, script, task.number, mail);
        latencies.push(performance.now() - begun);
      } catch (cause) {
        errors.add(`${cause}`);
        client?.[Symbol.dispose]();
        client = undefined;
      }
      if (!mail.reuse) client = await leave(client);
    }
    await leave(client);
  };
  await Promise.all(Array.from({ length: mail.sessions }, (_, n) => work(n)));

  const sorted = latencies.sort((a, b) => a - b);
  return {
    from,
    to: Date.now(),
    errors: [...errors],
    ...(sorted.length > 0 && {
      latency: {
        p50: percentile(sorted, 0.5),
        p99: percentile(sorted, 0.99),
        max: percentile(sorted, 1),
      },
    }),
  };
}

/** Gives the number of the next message and, if they are offered at a rate, when it is due. */
function takeTurns({ messages, rate }: GeneratedMail) {
  const start = performance.now();
  let taken = 0;
  return () => {
    if (taken === messages) return undefined;
    const number = taken++;
    const due = rate === undefined ? undefined : start + number * 1_000 / rate;
    return { number, due };
  };
}

function write(mail: GeneratedMail, to: readonly string[]): Script {
  const sender = encoder.encode("MAIL FROM:<vasya@client.test>\r\n");
  const rcpt = to.map((each) => encoder.encode(`RCPT TO:<${each}>\r\n`));
  const data = encoder.encode("DATA\r\n");
  return {
    mail: sender,
    rcpt,
    data,
    all: new Uint8Array([sender, ...rcpt, data].flatMap((part) => [...part])),
    texts: mail.sizes.map((size) => messageText(to[0]!, size)),
  };
}

async function deliver(
  client: Client,
  script: Script,
  number: number,
  { pipelined }: Pick<GeneratedMail, "pipelined">,
): Promise<void> {
  if (pipelined) {
    await client.send(script.all);
    await client.expect(250, 1 + script.rcpt.length);
  } else {
    for (const command of [script.mail, ...script.rcpt]) {
      await client.send(command);
      await client.expect(250);
    }
    await client.send(script.data);
  }
  await client.expect(354);
  await client.send(script.texts[number % script.texts.length]!);
  await client.expect(250);
}

/** Ends a session as it should be ended; how that goes is of no interest. */
async function leave(client: Client | undefined): Promise<undefined> {
  await client?.send(QUIT).then(() => client.expect(221)).catch(() => {});
  client?.[Symbol.dispose]();
}

async function until(time: number): Promise<void> {
  const wait = time - performance.now();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}
