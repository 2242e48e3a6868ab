import { join } from "node:path";
import { arrival, countMail, mailboxesIn } from "./arrivals.ts";
import { openDriver } from "./driver.ts";
import { type Figures, formatFigure } from "./measures.ts";
import type { Running, Site } from "./peer.ts";
import { usage } from "./processes.ts";
import type { Result } from "./run.ts";
import { mean } from "./statistics.ts";
import type { MailLoad } from "./workloads.ts";

/** Mail that comes in parts. */
export type PartedLoad = Extract<MailLoad, { by: "generator" }> & {
  readonly parts: number;
};

/** What one part cost. */
interface Cost {
  /** Milliseconds of CPU for each message. */
  readonly cpu: number;
  /** Those of them that the system spent for it, on files and sockets. */
  readonly system: number;
  /** MiB at its end. */
  readonly resident: number;
  /** Milliseconds from MAIL to 250 of all messages but one in a hundred. */
  readonly p99: number;
}

const MIB = 1024 * 1024;

/** One in so many parts counts as early, and one as late. */
const ENDS = 6;

/**
 * Has a server take mail for long, in parts, and compares what the first cost with what the last did.
 * Between two the mail is taken away, as its readers do. One part comes before those that count: the
 * server has to be warm, and file systems make files slower where many were removed lately (ext4 passes
 * over their inodes for minutes).
 *
 * @param say Told what each part cost, for whoever watches.
 */
export async function measureParts(
  server: Running,
  load: PartedLoad,
  site: Site,
  say: (line: string) => void,
): Promise<Result> {
  const { mail: { messages }, parts } = load;
  const each = Math.ceil(messages / parts);
  await using driver = openDriver(site.port, load);
  const costs: Cost[] = [];
  for (let part = 0; part <= parts; part++) {
    const before = usage(server.pid);
    const { errors, latency } = await driver.send(each);
    if (errors.length > 0) return { figures: {}, errors };
    await arrival(() => countMail(site), each);
    const after = usage(server.pid);
    takeAway(site);
    if (part === 0) continue;
    const cost: Cost = {
      cpu: (after.cpu - before.cpu) / each,
      system: (after.system - before.system) / each,
      resident: after.resident / MIB,
      p99: latency?.p99 ?? 0,
    };
    costs.push(cost);
    say(`Part ${part} of ${parts}: ${describe(cost)}`);
  }
  return { figures: figuresOf(costs), errors: [] };
}

function describe({ cpu, system, resident, p99 }: Cost): string {
  return [
    `${formatFigure("cpu", cpu)} ms CPU for a message`,
    `${formatFigure("cpu", system)} of them in the system`,
    `${formatFigure("peak", resident)} MiB`,
    `p99 ${formatFigure("p99", p99)} ms`,
  ].join(", ");
}

function figuresOf(costs: readonly Cost[]): Figures {
  const some = Math.ceil(costs.length / ENDS);
  const [early, late] = [costs.slice(0, some), costs.slice(-some)];
  const of = (costs: readonly Cost[], what: keyof Cost) =>
    mean(costs.map((cost) => cost[what]));
  return {
    cpuEarly: of(early, "cpu"),
    cpuLate: of(late, "cpu"),
    systemEarly: of(early, "system"),
    systemLate: of(late, "system"),
    residentEarly: of(early, "resident"),
    residentLate: of(late, "resident"),
    p99Early: of(early, "p99"),
    p99Late: of(late, "p99"),
  };
}

/** Removes all mail that has been delivered. */
function takeAway(site: Site): void {
  for (const mailbox of mailboxesIn(site)) {
    const folder = join(mailbox, "new");
    for (const { name } of Deno.readDirSync(folder)) {
      Deno.removeSync(join(folder, name));
    }
  }
}
