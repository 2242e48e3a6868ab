/** What sends mail to a server: a program that is not the harness, so that it can't hold it up. */
import { type Generator, startGenerator } from "./generator_process.ts";
import { HOST } from "./host.ts";
import type { Outcome, Plan } from "./plan.ts";
import { output } from "./programs.ts";
import { recipients, REMOTE_RECIPIENT } from "./recipients.ts";
import type { Mail, MailLoad } from "./workloads.ts";

/** Sends mail. */
export interface Driver extends AsyncDisposable {
  /** Sends so many messages; resolves when each is acknowledged or has failed. */
  send(messages: number): Promise<Outcome>;
}

/** Makes ready what sends a load to a port. */
export function openDriver(port: number, load: MailLoad): Driver {
  switch (load.by) {
    case "smtp-source":
      return {
        send: (messages) => runSmtpSource(port, { ...load.mail, messages }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    case "generator": {
      const generator: Generator = startGenerator();
      return {
        send: (messages) =>
          generator.carryOut(sendingPlan(port, load.mail, messages)),
        [Symbol.asyncDispose]: () => generator[Symbol.asyncDispose](),
      };
    }
    default:
      return load satisfies never;
  }
}

/** Debian's `smtp-source`, which gives up at the first error. */
async function runSmtpSource(
  port: number,
  { messages, sessions, sizes, reuse, until }: Mail,
): Promise<Outcome> {
  const [local] = recipients(1);
  const to = until === "relayed" ? REMOTE_RECIPIENT : local!;
  const errors: string[] = [];
  const from = Date.now();
  await output(
    "smtp-source",
    ...["-4", ...(reuse ? ["-d"] : [])],
    ...["-s", `${Math.min(sessions, messages)}`, "-m", `${messages}`],
    ...["-l", `${sizes[0]!}`],
    ...["-f", "vasya@client.test", "-t", to, `${HOST}:${port}`],
  ).catch((cause: unknown) => errors.push(`${cause}`));
  return { from, to: Date.now(), errors };
}

function sendingPlan(
  port: number,
  mail: Extract<MailLoad, { by: "generator" }>["mail"],
  messages: number,
): Plan {
  const sessions = Math.min(mail.sessions, messages);
  const to = mail.until === "relayed"
    ? [REMOTE_RECIPIENT]
    : recipients(mail.recipients);
  return { kind: "send", port, mail: { ...mail, messages, sessions }, to };
}
