/**
 * A queue of 200 messages, of which some pages are damaged. `SEEDS=100 deno test -A` on this file tries
 * a hundred damages, `FROM=7` begins with the seventh.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { random } from "../fuzz/random.ts";
import {
  copyFolder,
  damagePages,
  PAGE,
  pagesOf,
} from "../queue/sqlite/damage.ts";
import { eventually } from "./patience.ts";
import { HOST, mailFolder, smtpd, start } from "./program.ts";
import { freePort, startRemote } from "./remote_server.ts";
import { sendMail } from "./smtp_client.ts";
import { mailsOf } from "./stored_mail.ts";
import { submitMany } from "./submit.ts";

const SEEDS = Number(Deno.env.get("SEEDS") ?? 3);
const FROM = Number(Deno.env.get("FROM") ?? 1);

const MESSAGES = 200;

function serverArgs(port: number): readonly string[] {
  return [
    ...["--domain", "test.ru", "--accept", "domain", "--retry", "1h"],
    ...["--relay-from", HOST, "--route", `*=${HOST}:${port}`],
    ...["--transcript", "off"],
  ];
}

/** A mail folder with messages that wait for a host which is down. */
async function fullQueue(mailDir: string, port: number): Promise<void> {
  await using server = await start(mailDir, ...serverArgs(port));
  await submitMany(server.port, {
    name: "letter",
    count: MESSAGES,
    from: "petya@test.ru",
    to: ["vasya@other.test"],
    text: (number) => "some text\r\n".repeat(1 + number * 37 % 900),
  });
  assertEquals((await server.stop()).code, 0);
}

/** The queue ID that the server under test gave to a letter. */
function idOf({ text }: { readonly text: string }): string {
  return /^Received: .*\r\n\tby \S+ .* id (\w+)\r\n/.exec(text)?.[1] ?? text;
}

function queueIn(mailDir: string): string {
  return join(mailDir, ".smtpd", "queue.db");
}

Deno.test("smtpd sends all that isn't on a damaged page, once", async () => {
  await using folder = await mailFolder();
  const port = freePort();
  await fullQueue(folder.mailDir, port);
  const pages = pagesOf(queueIn(folder.mailDir));
  assertEquals(pages.size, MESSAGES);
  for (let seed = FROM; seed < FROM + SEEDS; seed++) {
    const mailDir = join(folder.parent, `${seed}`);
    await copyFolder(folder.mailDir, mailDir);
    const damaged = damagePages(queueIn(mailDir), random(seed));
    const wanted = [...pages].flatMap(([id, on]) =>
      on.isDisjointFrom(damaged) ? id : []
    );
    await using remote = startRemote({}, { port });
    {
      await using server = await start(mailDir, ...serverArgs(port));
      await smtpd(mailDir, ["queue", "retry", "--all"]);
      await eventually(
        () => new Set(wanted).isSubsetOf(new Set(remote.letters.map(idOf))),
        `seed ${seed}: ${wanted.length} letters`,
      );
      assertEquals((await server.stop()).code, 0);
    }
    {
      await using server = await start(mailDir, ...serverArgs(port));
      // It has looked at what is due once it takes on something new.
      await sendMail(server.port);
      await server.logged("message delivered");
      const { error } = await server.stop();
      assert(!error.includes("queue damaged"), error);
    }
    const sent = remote.letters.map(idOf);
    assertEquals(new Set(sent).size, sent.length, `seed ${seed}: twice`);
    assert(new Set(sent).isSubsetOf(new Set(pages.keys())), `seed ${seed}`);
    for (const { text } of remote.letters) {
      assertMatch(text, /\r\nX-Mark: \S+\r\n\r\n(some text\r\n)+$/);
    }
  }
});

Deno.test("smtpd says what it saved of a damaged queue, and smtpd queue what there is before", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  const port = freePort();
  await fullQueue(mailDir, port);
  {
    using file = await Deno.open(queueIn(mailDir), { write: true });
    await file.seek(PAGE, Deno.SeekMode.Start);
    await file.write(new Uint8Array(PAGE));
  }
  const { code, out, error } = await smtpd(mailDir, ["queue", "list"]);
  assertEquals(code, 1);
  assertMatch(error, /^smtpd: the queue is damaged, and there may be more; /);
  assert(out.includes(`\n${MESSAGES} messages, `), out);

  await using server = await start(mailDir, ...serverArgs(port));
  await server.logged("ERROR queue damaged ");
  const [line = ""] = await server.logged("ERROR queue mended saved=200 ");
  const aside = /damaged="?(.*?)"?$/.exec(line)?.[1] ?? "";
  assert((await Deno.stat(join(aside, "queue.db"))).isFile);
  await sendMail(server.port, { from: "vasya@other.test" });
  await server.logged("message delivered");
  assertEquals(mailsOf(mailDir, "petya").length, 1);
  const after = await smtpd(mailDir, ["queue", "list"]);
  assertEquals([after.code, after.error], [0, ""]);
});
