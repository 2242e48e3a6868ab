/**
 * The load bench, `deno task bench:load [--rounds N] [--messages N] [--only NAME,…] [--peers
 * NAME,…|none] [--save FILE]`: our program and others, each started as its users run it, measured
 * in turn on one machine.
 */
import { type Ground, openGround } from "./ground.ts";
import { describeMachine, isDurable } from "./machine.ts";
import { type Options, readOptions } from "./options.ts";
import type { Peer } from "./peer.ts";
import { smtpd } from "./peer_smtpd.ts";
import { PEERS, seek } from "./peers.ts";
import {
  markdown,
  plainTargets,
  plainWorkload,
  type Results,
  serversIn,
} from "./report.ts";
import { type Run, runOnce } from "./run.ts";
import { save } from "./save.ts";
import { neededFor, type Workload, WORKLOADS } from "./workloads.ts";

const options = readOptions(Deno.args, {
  workloads: WORKLOADS.map(({ name }) => name),
  usual: WORKLOADS.filter(({ onlyIfNamed }) => !onlyIfNamed)
    .map(({ name }) => name),
  peers: PEERS.map(({ name }) => name),
});
if ("problems" in options) {
  say(...options.problems.map((problem) => `bench:load: ${problem}`));
  Deno.exit(2);
}
const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => interruption.abort(signal));
}
const runs = await bench(options);
if (runs.some(({ errors }) => errors.length > 0)) Deno.exitCode = 1;
Deno.exit();

async function bench(options: Options): Promise<readonly Run[]> {
  const chosen = PEERS.filter(({ name }) => options.peers.includes(name));
  const sought = await seek([smtpd, ...chosen]);
  const peers = sought.filter(({ found }) => "version" in found)
    .map(({ peer }) => peer);
  const machine = await describeMachine();
  const { versions, absent } = serversIn(sought);
  say(`On ${machine.fileSystem}, ${machine.cores} cores, ${machine.cpu}`);
  if (!isDurable(machine)) {
    say("Nothing is durable on this file system: name a folder by TMPDIR");
  }
  for (const [name, why] of Object.entries(absent)) {
    say(`${name}: left out, ${why}`);
  }
  const workloads = WORKLOADS.filter(({ name }) => options.only.includes(name));
  await using ground = await openGround();
  const runs: Run[] = [];
  for (const workload of workloads) {
    runs.push(...await compare(workload, peers, { ...options, ground }));
    say("", ...plainWorkload(workload, runs));
  }
  say("", ...plainTargets(runs));
  const results: Results = {
    command: ["deno task bench:load", ...Deno.args].join(" "),
    date: new Date().toISOString(),
    rounds: options.rounds,
    machine,
    versions,
    absent,
    runs,
  };
  await save(options.save, results, markdown(results, workloads));
  return runs;
}

/** Has every server that can do a workload do it, in turn, round after round. */
async function compare(
  workload: Workload,
  peers: readonly Peer[],
  { rounds, messages, ground }: Options & { readonly ground: Ground },
): Promise<readonly Run[]> {
  const needed = neededFor(workload.load);
  const able = workload.load.by === "framer"
    ? [smtpd]
    : peers.filter(({ can }) => needed.every((each) => can.includes(each)));
  const runs: Run[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const peer of able) {
      say(`${workload.name}, round ${round} of ${rounds}: ${peer.name}`);
      const { signal } = interruption;
      const how = { messages, ground, say, signal };
      runs.push(await runOnce(peer, workload, how));
      if (signal.aborted) {
        await ground[Symbol.asyncDispose]();
        say("Interrupted");
        Deno.exit(1);
      }
    }
  }
  return runs;
}

function say(...lines: readonly string[]): void {
  const text = lines.map((line) => `${line}\n`).join("");
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
