import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { Log } from "../../src/ports/log.ts";
import { parseId } from "../../src/queue/id.ts";
import type { Put } from "../../src/queue/queue.ts";
import type { MailFlow } from "../../src/server/mail_flow.ts";
import { openThreadedFlow } from "../../src/server/threaded_flow.ts";
import { clock } from "../../src/system/clock.ts";
import { disk } from "../../src/system/disk.ts";
import { offering, startScripted } from "../delivery/scripted_server.ts";
import { eventually } from "../e2e/patience.ts";
import { fakeLog, letter, temporaryFolder } from "../queue/fakes.ts";

function settings(mailDir: string, ...more: readonly string[]): Settings {
  const loaded = loadSettings(
    readFlags([
      ...["--domain", "test.ru", "--accept", "domain", "--mail-dir", mailDir],
      ...["--log-format", "json"],
      ...more,
    ], SERVER_FLAGS),
  );
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings;
}

/** A mail flow in a thread of its own, with what it tells this one. */
async function flowIn(mailDir: string, ...more: readonly string[]) {
  const log = fakeLog();
  const said: string[] = [];
  const flow = await openThreadedFlow(settings(mailDir, ...more), {
    folder: join(mailDir, ".smtpd"),
    listens: [],
    directory: {
      isOurs: () => true,
      resolve: () => Promise.resolve({ kind: "unknown" }),
    },
    transcripts: {
      open: ({ id }) => ({
        add: (lines) => void said.push(...lines),
        close: () => void said.push(`end of ${id}`),
      }),
    },
    nextId: () => "00000000100",
    clock,
    disk,
    log,
    logLines: {
      add(line) {
        const { time: _, level, event, ...fields } = JSON.parse(line);
        log[level as keyof Log](event, fields);
      },
    },
  });
  return { flow, log, said };
}

/** Enqueues a letter that came in as others do. */
async function send(flow: MailFlow, put: Put): Promise<void> {
  const draft = flow.spool.draft(put.message.id);
  await draft.append(new TextEncoder().encode("Hi\r\n"));
  await flow.enqueue({ message: put.message, content: await draft.finish() });
}

Deno.test("openThreadedFlow() queues, delivers, and logs it here", async () => {
  await using folder = await temporaryFolder();
  const { flow, log } = await flowIn(folder.path);
  const puts = Array.from({ length: 20 }, () => letter());
  await Promise.all(puts.map((put) => send(flow, put)));
  await eventually(
    () => log.of("message delivered").length === puts.length,
    "all to be delivered",
  );
  await flow[Symbol.asyncDispose]();
  const names = [
    ...Deno.readDirSync(join(folder.path, "test.ru", "petya", "new")),
  ];
  assertEquals(names.length, puts.length);
  assertEquals(
    log.of("message delivered").map(({ id }) => id).sort(),
    puts.map(({ message }) => message.id).sort(),
  );
});

Deno.test("openThreadedFlow() delivers what an earlier run left", async () => {
  await using folder = await temporaryFolder();
  const put = letter(["you@example.net"]);
  {
    const { flow } = await flowIn(folder.path, "--route", "*=127.0.0.1:1");
    await send(flow, put);
    await flow[Symbol.asyncDispose]();
  }
  await using server = startScripted({ EHLO: offering() });
  const route = `*=127.0.0.1:${server.port}`;
  const { flow, log, said } = await flowIn(folder.path, "--route", route);
  flow.resume();
  await eventually(
    () =>
      log.of("message deferred").length + log.of("message relayed").length > 0,
    "the message to be sent on",
  );
  await flow[Symbol.asyncDispose]();
  assert(said.some((line) => line.startsWith("-> EHLO")), said.join("\n"));
  const [end] = said.slice(-1);
  const dialogue = /^end of (\w+)$/.exec(end ?? "")?.[1] ?? "";
  // IDs of the two threads are never the same.
  assertEquals(parseId(dialogue)! % 2, 1);
});

Deno.test("what becomes of a message is logged after who sent it has heard", async () => {
  await using folder = await temporaryFolder();
  const { flow, log } = await flowIn(folder.path, "--route", "*=127.0.0.1:1");
  // The second is put off at once, since its lane rests after the first.
  for (const event of ["message deferred", "message postponed"]) {
    const receivedAt = Date.now();
    await send(flow, letter(["you@example.net"], { receivedAt }));
    log.info("message accepted");
    await eventually(() => log.of(event).length === 1, event);
  }
  await flow[Symbol.asyncDispose]();
  const told = log.lines.map(({ event }) => event)
    .filter((event) => event.startsWith("message "));
  assertEquals(told, [
    ...["message accepted", "message deferred"],
    ...["message accepted", "message postponed"],
  ]);
});

Deno.test("openThreadedFlow() fails as the mail flow does", async () => {
  await using folder = await temporaryFolder();
  const state = join(folder.path, ".smtpd");
  await Deno.mkdir(state);
  {
    using database = new DatabaseSync(join(state, "queue.db"));
    database.exec("CREATE TABLE recipe (name TEXT)");
  }
  await assertRejects(
    () => flowIn(folder.path),
    Error,
    "file is another program's database",
  );
});

Deno.test("a message that can't be queued in the thread is refused here", async () => {
  await using folder = await temporaryFolder();
  const mail = join(folder.path, "mail");
  const { flow, log } = await flowIn(mail);
  await Deno.rename(mail, join(folder.path, "elsewhere"));
  // Be it to be delivered at once or to be queued.
  for (const to of ["petya@test.ru", "you@example.net"]) {
    await assertRejects(() => send(flow, letter([to])), Error, "was moved");
  }
  await eventually(() => log.of("commit failed").length > 0, "the log");
  await Deno.rename(join(folder.path, "elsewhere"), mail);
  await send(flow, letter());
  await flow[Symbol.asyncDispose]();
});

Deno.test("every setting can be told to a thread", () => {
  const chosen = settings(
    "mail",
    ...["--relay-from", "10.0.0.0/8,::1", "--route", "a.test=b.test:26"],
    ...["--dns", "127.0.0.1:53", "--deny", "192.0.2.0/24", "--retry", "5m,1h"],
  );
  assertEquals(structuredClone(chosen), chosen);
});
