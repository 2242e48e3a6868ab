/** A relay is killed again and again: nothing acknowledged is lost, nothing settled is sent again. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Act } from "../delivery/scripted_server.ts";
import { random } from "../fuzz/random.ts";
import { temporaryFolder } from "../queue/fakes.ts";
import { countRows } from "../queue/queue_folder.ts";
import { formatId } from "../../src/queue/id.ts";
import { markOf, startLoad } from "./load_source.ts";
import { eventually } from "./patience.ts";
import { HOST, mailFolder, start } from "./program.ts";
import { type Letter, startRemote, YES } from "./remote_server.ts";
import { litter } from "./stored_mail.ts";

/** Another run's moments are tried with another number here. */
const SEED = 2026;

const KILLS = 8;

/** Messages that the server has taken on before it may be killed. */
const ACKNOWLEDGED = 150;

/**
 * Messages sent whose settlement isn't durable: one for each connection to a destination, and the
 * news that waits for a commit to ride on.
 */
const MOST_UNSETTLED = 20 + 64;

/** A server that keeps its clients waiting, and something that happens at a command of theirs. */
function startFused() {
  let gate = Promise.withResolvers<void>();
  let left = Infinity;
  let blow = () => {};
  const heard = (act: Act) => () => {
    if (--left === 0) blow();
    return act;
  };
  const remote = startRemote({
    greeting: async () => {
      await gate.promise;
      return "220 mx.test.ru ESMTP";
    },
    MAIL: heard(YES.MAIL),
    RCPT: heard(YES.RCPT),
    DATA: heard("354 Go on"),
    text: heard(YES.text),
  });
  return {
    ...remote,
    /** Serves its clients, and at the nth command does something at once and nothing more. */
    async serveUntil(commands: number, act: () => Promise<void>) {
      const { promise, resolve } = Promise.withResolvers<void>();
      blow = () => resolve(act());
      left = commands;
      gate.resolve();
      await promise;
      gate = Promise.withResolvers();
    },
    /** Serves its clients. */
    serve: () => gate.resolve(),
  };
}

/** The queue ID that the server under test gave to a letter. */
function idOf({ text }: Letter): string {
  const id = /^Received: .*\r\n\tby other\.test .* id (\w+)\r\n/.exec(text)
    ?.[1];
  if (id === undefined) throw new Error(`No queue ID: ${text.slice(0, 200)}`);
  return id;
}

/** The IDs in a queue nobody has open, which is left as the crash left it. */
async function queuedIds(mailDir: string): Promise<ReadonlySet<string>> {
  await using copy = await temporaryFolder();
  for (const name of ["queue.db", "queue.db-wal"]) {
    await Deno.copyFile(join(mailDir, ".smtpd", name), join(copy.path, name));
  }
  using database = new DatabaseSync(join(copy.path, "queue.db"));
  const rows = database.prepare("SELECT id FROM message").all();
  return new Set(rows.map(({ id }) => formatId(Number(id))));
}

Deno.test({
  name: "smtpd relays all it acknowledged, however often it is killed",
  // There, a signal to another process ends it at once.
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await mailFolder();
    const { mailDir } = folder;
    await using remote = startFused();
    // The load is from vasya@other.test to petya@test.ru.
    const args = [
      ...["--domain", "other.test", "--accept", "domain", "--retry", "1s"],
      ...["--relay-from", HOST, "--route", `test.ru=${HOST}:${remote.port}`],
    ];
    const { below } = random(SEED);
    const acknowledged: string[] = [];
    const settled = new Set<string>();
    let unsettled = 0;
    const letters = newLetters(remote);
    for (let kill = 1; kill <= KILLS; kill++) {
      await using server = await start(mailDir, ...args);
      const load = startLoad(server.port, { name: `run-${kill}` });
      await eventually(
        () => load.acknowledged.size >= ACKNOWLEDGED,
        `${ACKNOWLEDGED} messages to be acknowledged`,
      );
      await remote.serveUntil(1 + below(1500), () => server.kill());
      await load.over;
      await remote.quiet();
      acknowledged.push(...load.acknowledged);

      const sent = new Set(letters().map(idOf));
      const queued = await queuedIds(mailDir);
      assertEquals([...sent.intersection(settled)], []);
      const left = sent.intersection(queued).size;
      assert(left <= MOST_UNSETTLED, `${left} sent and not settled`);
      unsettled += left;
      for (const id of sent.difference(queued)) settled.add(id);
    }

    await using server = await start(mailDir, ...args);
    remote.serve();
    await eventually(
      () => countRows(join(mailDir, ".smtpd", "queue.db")).message === 0,
      "the queue to be empty",
    );
    assertEquals((await server.stop()).code, 0);
    const sent = new Set(letters().map(idOf));
    assertEquals([...sent.intersection(settled)], []);
    const all = new Set(remote.letters.map(idOf));
    assert(remote.letters.length - all.size <= unsettled);
    const marks = new Set(remote.letters.map(({ text }) => markOf(text)));
    assertEquals(acknowledged.filter((mark) => !marks.has(mark)), []);
    assertEquals(litter(mailDir), []);
  },
});

/** Gives the letters that came since it was last asked. */
function newLetters(
  { letters }: { readonly letters: readonly Letter[] },
): () => readonly Letter[] {
  let seen = 0;
  return () => {
    const found = letters.slice(seen);
    seen = letters.length;
    return found;
  };
}
