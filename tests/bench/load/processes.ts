/** What processes use, as Linux tells it (proc(5)). */

/** What a process and all that descend from it use. */
export interface Usage {
  /** Milliseconds of CPU so far, those of descendants that have ended included. */
  readonly cpu: number;
  /** Those of them that the system spent on their behalf. */
  readonly system: number;
  /** Octets in memory now. */
  readonly resident: number;
  /** The most octets that each process has had in memory, added up. */
  readonly peak: number;
}

/** A process by its number, as far as it is of interest here. */
interface Process {
  readonly parent: number;
  /** Clock ticks. */
  readonly ticks: number;
  /** Those of them that the system spent on its behalf. */
  readonly systemTicks: number;
}

/** Linux counts CPU in hundredths of a second (USER_HZ), whatever its own clock does. */
const MILLISECONDS_PER_TICK = 10;

/** Adds up what a process and its descendants use. */
export function usage(pid: number): Usage {
  let [ticks, systemTicks, resident, peak] = [0, 0, 0, 0];
  for (const [member, process] of family(pid)) {
    const status = readIfThere(`/proc/${member}/status`);
    ticks += process.ticks;
    systemTicks += process.systemTicks;
    resident += octets(status, "VmRSS");
    peak += octets(status, "VmHWM");
  }
  return {
    cpu: ticks * MILLISECONDS_PER_TICK,
    system: systemTicks * MILLISECONDS_PER_TICK,
    resident,
    peak,
  };
}

/** A process and those that descend from it. */
function family(pid: number): ReadonlyMap<number, Process> {
  const all = new Map(
    [...Deno.readDirSync("/proc")].filter(({ name }) => /^\d+$/.test(name))
      .flatMap(({ name }) => {
        const process = parseStat(readIfThere(`/proc/${name}/stat`));
        return process ? [[Number(name), process] as const] : [];
      }),
  );
  const members = new Map<number, Process>();
  const add = (member: number, process: Process | undefined) => {
    if (process === undefined) return;
    members.set(member, process);
    for (const [child, each] of all) {
      if (each.parent === member) add(child, each);
    }
  };
  add(pid, all.get(pid));
  return members;
}

/**
 * Reads a line of /proc/PID/stat; `undefined` when there is none. The name in it may hold anything,
 * parentheses and spaces too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseStat } from "./processes.ts";
 *
 * const line = "42 (a) b) S 7 42 42 0 -1 0 1 2 3 4 10 20 30 40 20 0 1 0 99";
 * assertEquals(parseStat(line), { parent: 7, ticks: 100, systemTicks: 60 });
 * ```
 */
export function parseStat(line: string): Process | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  if (fields.length < 15) return undefined;
  // utime and stime, then the same of children that have ended and been waited for.
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15)
    .map(Number);
  const systemTicks = stime + cstime;
  return {
    parent: Number(fields[1]),
    ticks: utime + cutime + systemTicks,
    systemTicks,
  };
}

/** A line of /proc/PID/status such as `VmRSS:  1234 kB`, in octets. */
function octets(status: string, name: string): number {
  const [, kib = "0"] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m")
    .exec(status) ?? [];
  return Number(kib) * 1024;
}

/** A file in /proc, empty when the process has gone. */
function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (cause) {
    if (
      cause instanceof Deno.errors.NotFound || /os error 3\b/.test(`${cause}`)
    ) return "";
    throw cause;
  }
}
