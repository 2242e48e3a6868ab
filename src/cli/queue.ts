import type { Flag } from "../config/flags.ts";
import { escaped, quoted } from "../log/escape.ts";
import type { Order } from "../queue/order.ts";
import type { Oversight } from "../queue/oversight.ts";
import type { Queued } from "../queue/queue.ts";
import { formatMailbox } from "../smtp/address.ts";
import { clock } from "../system/clock.ts";
import { readArguments } from "./load.ts";
import { readAction } from "./operands.ts";
import { messageJson } from "./queue_json.ts";
import { everyPage, listJson, listTable, tellDamage } from "./queue_list.ts";
import { describeMessage } from "./queue_show.ts";
import { countText, senderText, sizeText } from "./queue_words.ts";
import { queueIn } from "./tables.ts";
import type { Terminal } from "./terminal.ts";
import { WrongUse } from "./terminal.ts";

const ACTIONS = {
  list: { synopsis: "queue list [--json]", least: 0, most: 0 },
  show: { synopsis: "queue show ID [--json]", least: 1, most: 1 },
  retry: { synopsis: "queue retry ID|--all [--json]", least: 0, most: 1 },
  hold: { synopsis: "queue hold ID [--json]", least: 1, most: 1 },
  release: { synopsis: "queue release ID [--json]", least: 1, most: 1 },
  bounce: { synopsis: "queue bounce ID [--json]", least: 1, most: 1 },
  remove: { synopsis: "queue remove ID [--json]", least: 1, most: 1 },
};

const JSON_FLAG: Flag = { name: "json", takes: "nothing" };
const ALL_FLAG: Flag = { name: "all", takes: "nothing" };

/** What an action works with. */
interface Context {
  readonly oversight: Oversight;
  readonly terminal: Terminal;
  /** Whether a program reads what is printed. */
  readonly json: boolean;
}

/** `smtpd queue`: shows and steers the messages on their way, whether or not the server runs. */
export async function queue(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { settings: { mailDir }, flags } = await readArguments(args, {
    settings: ["mailDir"],
    flags: [JSON_FLAG, ALL_FLAG],
    operands: Infinity,
  });
  const { action, operands } = readAction(flags.operands, ACTIONS);
  const [id = ""] = operands.map((operand) => operand.toUpperCase());
  const all = flags.given.has(ALL_FLAG.name);
  const one = operands.length > 0;
  if (all ? action !== "retry" || one : action === "retry" && !one) {
    throw new WrongUse([`usage: smtpd ${ACTIONS[action].synopsis}`]);
  }
  const oversight = await queueIn(mailDir, terminal);
  const json = flags.given.has(JSON_FLAG.name);
  try {
    if (action === "list") {
      return await list({ oversight, terminal, json }) ? 0 : 1;
    }
    if (action === "show") await show(id, { oversight, terminal, json });
    else if (all) await retryAll({ oversight, terminal, json });
    else await steer(action, id, { oversight, terminal, json });
  } finally {
    await oversight.close();
  }
  return 0;
}

function list({ oversight, terminal, json }: Context): Promise<boolean> {
  return json
    ? listJson(oversight, terminal)
    : listTable(oversight, terminal, clock.now());
}

async function show(
  id: string,
  { oversight, terminal, json }: Context,
): Promise<void> {
  const queued = await oversight.get(id);
  if (queued === undefined) throw unknown("show", id);
  const attempts = await oversight.attempts(id);
  if (json) terminal.out(quoted(messageJson(queued, attempts)));
  else {
    describeMessage(queued, attempts, clock.now()).forEach(terminal.out);
  }
}

/** Gives an order about one message and says what it means. */
async function steer(
  order: Order,
  id: string,
  { oversight, terminal, json }: Context,
): Promise<void> {
  const [result] = await oversight.apply(order, [id], clock.now());
  if (result === undefined || result.kind === "unknown") {
    throw unknown(order, id);
  }
  if (result.kind === "refused") {
    throw new Error(`Cannot ${order} ${id}: ${result.why}`);
  }
  const { before } = result;
  if (json) {
    const message = before ? messageJson(before) : { id };
    return terminal.out(quoted({ order, message }));
  }
  terminal.out(`${id}: ${consequence(order, before)}`);
  await tellIfIdle(order, { oversight, terminal });
}

/** Makes all that may be tried due, in transactions too short to hold up a server. */
async function retryAll(
  { oversight, terminal, json }: Context,
): Promise<void> {
  let retried = 0;
  let left = 0;
  for await (const page of everyPage(oversight, AT_ONCE)) {
    const ids = page.flatMap((entry) => {
      if (!("damage" in entry)) return entry.message.id;
      tellDamage(entry, terminal);
      return [];
    });
    const results = await oversight.apply("retry", ids, clock.now());
    retried += results.filter(({ kind }) => kind === "done").length;
    left += results.filter(({ kind }) => kind === "refused").length;
  }
  if (retried === 0) {
    throw new Error(
      left === 0
        ? "Nothing to retry: the queue is empty"
        : `Nothing to retry: ${countText(left, "message")} held or to bounce`,
    );
  }
  if (json) return terminal.out(quoted({ order: "retry", retried, left }));
  const rest = left === 0 ? "" : `; ${left} held or to bounce left alone`;
  terminal.out(`${countText(retried, "message")} due now${rest}`);
  await tellIfIdle("retry", { oversight, terminal });
}

/** Messages of which each transaction changes no more. */
const AT_ONCE = 200;

function unknown(action: string, id: string): Error {
  return new Error(
    `Cannot ${action} ${quoted(id)}: no such message is in the queue`,
  );
}

/** What an order that was obeyed means. */
function consequence(order: Order, before: Queued | undefined): string {
  switch (order) {
    case "retry":
      return "due now";
    case "hold":
      return "held; it is not tried until it is released";
    case "release":
      return "released and due now";
    case "bounce":
      return before?.message.from
        ? `bounces to ${senderText(before.message)}`
        : "given up; it has no sender to bounce to";
    case "remove":
      return before ? `removed, ${summary(before)}` : "removed; it was damaged";
    default:
      return order satisfies never;
  }
}

function summary({ message }: Queued): string {
  const { recipients, size } = message;
  const to = recipients.map(({ address }) => escaped(formatMailbox(address)));
  const more = to.length > NAMED ? ` and ${to.length - NAMED} more` : "";
  return `from ${senderText(message)} to ${
    to.slice(0, NAMED).join(", ")
  }${more}, ` +
    `${sizeText(size)}`;
}

/** Recipients named of a message that was removed. */
const NAMED = 10;

/** Says so when nobody is there to do what was ordered. */
async function tellIfIdle(
  order: Order,
  { oversight, terminal }: Pick<Context, "oversight" | "terminal">,
): Promise<void> {
  if (order === "hold" || order === "remove") return;
  if (await oversight.attended()) return;
  terminal.out("No server is running; the next to start sees to it");
}
