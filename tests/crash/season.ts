/** A mail folder on which the server is killed again and again, and what is left of it then. */
import { join } from "node:path";
import { random } from "../fuzz/random.ts";
import { eventually } from "../e2e/patience.ts";
import { HOST, mailFolder, serve, start } from "../e2e/program.ts";
import { startRemote, YES } from "../e2e/remote_server.ts";
import { countRows } from "../queue/queue_folder.ts";
import { audit, type Counts, type Store } from "./audit.ts";
import { ELSEWHERE, type Letter } from "./letters.ts";
import { startLoad } from "./load.ts";

/**
 * Kills the server `rounds` times at random moments under load, lets it deliver what is left, and
 * audits. Throws when a promise was broken.
 */
export async function season(
  { rounds, seed, store }: {
    readonly rounds: number;
    readonly seed: number;
    readonly store: Store;
  },
): Promise<Counts> {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  const chance = random(seed);
  await using remote = startRemote({
    RCPT({ line }) {
      if (line.includes(ELSEWHERE.nobody)) return "550 5.1.1 No such user";
      if (line.includes(ELSEWHERE.busy) && chance.chance(0.3)) {
        return "451 4.3.2 Too busy";
      }
      return YES.RCPT;
    },
  });
  const args = [
    ...["--domain", "test.ru", "--accept", "domain", "--store", store],
    ...["--relay-from", HOST, "--retry", "1s"],
    ...["--route", `*=${HOST}:${remote.port}`],
  ];
  const letters: Letter[] = [];
  for (let kills = 0; kills < rounds; kills++) {
    if (chance.chance(0.1)) {
      await killAtStart(mailDir, args, chance.below(600));
      continue;
    }
    await using server = await start(mailDir, ...args);
    const name = `${seed}-${kills}`;
    const load = startLoad(server.port, {
      ...{ name, kills, letters },
      seed: chance.below(2 ** 31),
    });
    await load.acknowledged(1 + chance.below(150));
    await pause(chance.below(30));
    // Some die while they stop.
    const stopping = chance.chance(0.1) ? server.stop() : undefined;
    if (stopping) await pause(chance.below(300));
    await server.kill();
    await stopping;
    await load.over;
    assertSound(server.log());
  }

  await using server = await start(mailDir, ...args);
  await eventually(
    () => countRows(join(mailDir, ".smtpd", "queue.db")).message === 0,
    `seed ${seed}: the queue to be empty`,
  );
  const { code, error } = await server.stop();
  if (code !== 0) throw new Error(`It ended with ${code}: ${error}`);
  assertSound(error);
  return audit({
    ...{ mailDir, store, letters, kills: rounds },
    remote: remote.letters,
  });
}

/** Kills the server some milliseconds after it was begun, whatever it is doing then. */
async function killAtStart(
  mailDir: string,
  args: readonly string[],
  after: number,
): Promise<void> {
  const process = serve(mailDir, ["--port", "0", ...args]).spawn();
  const output = process.output();
  await pause(after);
  process.kill("SIGKILL");
  await output;
}

/** Sees that a log tells of nothing that mustn't happen. */
function assertSound(log: string): void {
  const line = /^.*(?:queue damaged|Unexpected failure|^\s+at ).*$/m.exec(log);
  if (line) throw new Error(line[0]);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
