import { escaped } from "../log/escape.ts";
import type { Attempt, Queued } from "../queue/queue.ts";
import { formatMailbox } from "../smtp/address.ts";
import {
  countText,
  durationText,
  messageStatusOf,
  oneLine,
  senderText,
  statusOf,
} from "./queue_words.ts";

/** All that is known of a message, as lines for people. Times are in UTC. */
export function describeMessage(
  queued: Queued,
  attempts: readonly Attempt[],
  now: number,
): readonly string[] {
  const { message } = queued;
  const facts = [
    ["Message", message.id],
    ["Status", messageStatusOf(queued)],
    ["Sender", senderText(message)],
    ["Received", `${timeText(message.receivedAt)}${originText(queued)}`],
    ["Size", sizeFacts(queued)],
    ["Dialogue", `smtpd transcript ${escaped(message.session)}`],
  ] as const;
  const tries = Map.groupBy(attempts, ({ recipient }) => recipient);
  return [
    ...facts.map(([name, text]) =>
      `${name.padEnd("Dialogue".length)}  ${text}`
    ),
    ...message.recipients.flatMap(({ number }) => [
      "",
      ...describeRecipient(queued, number, { now, tries: tries.get(number) }),
    ]),
  ];
}

function originText({ message: { client } }: Queued): string {
  if (client === null) return ", written here";
  return escaped(` from ${client.helo} [${client.address}]`);
}

function sizeFacts({ message: { size, body, smtputf8 } }: Queued): string {
  const facts = [
    countText(size, "octet"),
    ...(body === "7BIT" ? [] : [body]),
    ...(smtputf8 ? ["SMTPUTF8"] : []),
  ];
  return facts.join(", ");
}

function describeRecipient(
  { message, states, order }: Queued,
  number: number,
  { now, tries = [] }: {
    readonly now: number;
    readonly tries: readonly Attempt[] | undefined;
  },
): readonly string[] {
  const { address, original } = message.recipients[number]!;
  const state = states[number]!;
  const [to, named] = [address, original].map(formatMailbox);
  const alias = to === named ? "" : ` (sent to ${named})`;
  const facts = [
    statusOf(state, order),
    state.attempts === 1 ? "1 try" : `${state.attempts} tries`,
    ...(state.status === "waiting" && order === undefined
      ? [`next ${dueText(state.nextAttempt, now)}`]
      : []),
  ];
  return [
    escaped(`${to}${alias}: `) + facts.join(", "),
    ...(tries.length > 0 ? tries.flatMap(describeTry) : lastWords(state)),
  ];
}

/** What is known of a recipient's last try when the tries themselves aren't remembered. */
function lastWords(
  { lastAttempt, lastHost, lastReply }: Queued["states"][number],
): readonly string[] {
  if (lastReply === "") return [];
  const when = lastAttempt === null ? "" : `${timeText(lastAttempt)}  `;
  return [`  ${when}${saidText(lastHost, lastReply)}`];
}

function describeTry(
  { number, at, status, host, address, reply, session }: Attempt,
): readonly string[] {
  const place = address === "" || host.includes(address)
    ? host
    : `${host} [${address}]`;
  return [
    `  ${timeText(at)}  try ${number} ${status}: ${saidText(place, reply)}`,
    ...(session === "" ? [] : [`    smtpd transcript ${escaped(session)}`]),
  ];
}

function saidText(host: string, reply: string): string {
  return host === "" ? oneLine(reply) : `${escaped(host)}: ${oneLine(reply)}`;
}

function dueText(time: number, now: number): string {
  return time <= now
    ? "now"
    : `${timeText(time)} (in ${durationText(time - now)})`;
}

/** `2026-11-23T02:51:03.123Z` as people write it. */
function timeText(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace("T", " ");
}
