/** Damage to some of the queue doesn't keep the rest of it. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseId } from "../../src/queue/id.ts";
import { countRows } from "../queue/queue_folder.ts";
import { markOf } from "./load_source.ts";
import { eventually } from "./patience.ts";
import { HOST, mailFolder, smtpd, start } from "./program.ts";
import { freePort, startRemote } from "./remote_server.ts";
import { queuedId } from "./smtp_client.ts";
import { submit } from "./submit.ts";

/** Fills a queue with 20 messages to a host that is down; gives their IDs, the large ones last. */
async function fillQueue(
  mailDir: string,
  args: readonly string[],
): Promise<readonly string[]> {
  const ids: string[] = [];
  await using server = await start(mailDir, ...args);
  for (let number = 0; number < 20; number++) {
    const text = "some text\r\n".repeat(number < 15 ? 1 : 10_000);
    const reply = await submit(server.port, {
      from: "petya@test.ru",
      to: ["vasya@other.test"],
      content: new TextEncoder().encode(`X-Mark: ${number}\r\n\r\n${text}`),
    });
    ids.push(queuedId(reply));
  }
  assertEquals((await server.stop()).code, 0);
  return ids;
}

function change(path: string, id: string, what: string): void {
  using database = new DatabaseSync(path);
  const update = database.prepare(`UPDATE message SET ${what} WHERE id = ?`);
  assertEquals(update.run(parseId(id)!).changes, 1);
}

Deno.test("smtpd sends what is left of a damaged queue, and says what isn't", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  const port = freePort();
  const args = [
    ...["--domain", "test.ru", "--accept", "domain", "--retry", "1s"],
    ...["--relay-from", HOST, "--route", `*=${HOST}:${port}`],
  ];
  const ids = await fillQueue(mailDir, args);
  const [short = "", garbled = "", lost = ""] = [ids[3], ids[7], ids[17]];
  const database = join(mailDir, ".smtpd", "queue.db");
  change(database, short, "content = substr(content, 1, 9)");
  change(database, garbled, "envelope = substr(envelope, 1, 9)");
  await Deno.remove(join(mailDir, ".smtpd", "spool", lost));

  await using remote = startRemote({}, { port });
  await using server = await start(mailDir, ...args);
  await remote.took(17);
  const unreadable = [
    [short, `Cannot read message ${short}: content is 9 octets, not `],
    [lost, `Cannot read message ${lost}: content is 0 octets, not `],
  ] as const;
  for (const [id, why] of unreadable) {
    await server.logged(
      `ERROR queued message unreadable id=${id} error="${why}`,
    );
  }
  await server.logged(`ERROR queued message damaged id=${garbled} error=`);

  await eventually(
    () => countRows(database).message === 3,
    "the rest to leave the queue",
  );
  const { code, out, error } = await smtpd(mailDir, ["queue", "list"]);
  const [, first = "", second = "", ...totals] = out.trim().split("\n");
  assertEquals([code, totals.length], [1, 1]);
  assert(totals[0]?.endsWith(", 1 damaged"), out);
  assert(first.startsWith(short) && first.includes("Cannot read"), out);
  assert(second.startsWith(lost) && second.includes("Cannot read"), out);
  assert(
    error.startsWith(`smtpd: queued message damaged: ${garbled}: `),
    error,
  );
  assertEquals((await server.stop()).code, 0);
  assertEquals(
    remote.letters.map(({ text }) => Number(markOf(text))).sort((a, b) =>
      a - b
    ),
    ids.keys().filter((number) => ![3, 7, 17].includes(number)).toArray(),
  );
});
