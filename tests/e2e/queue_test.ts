/** `smtpd queue` beside a server that runs, and between one and the next. */
import { assert, assertEquals } from "@std/assert";
import { eventually } from "./patience.ts";
import { HOST, mailFolder, smtpd, start } from "./program.ts";
import { queuedId, sendMail } from "./smtp_client.ts";
import { mailsOf } from "./stored_mail.ts";

/** A port that nobody listens on. */
function deadPort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}

/** A server whose mail for others finds nobody there, and is next tried in an hour. */
function relay(mailDir: string) {
  return start(
    mailDir,
    ...["--domain", "test.ru", "--accept", "domain", "--retry", "1h"],
    ...["--relay-from", HOST, "--route", `*=${HOST}:${deadPort()}`],
  );
}

const LETTER = { from: "petya@test.ru", to: ["vasya@other.test"] };

/** What programs are told of the queue. */
async function listed(mailDir: string) {
  const { code, out } = await smtpd(mailDir, ["queue", "list", "--json"]);
  assertEquals(code, 0);
  return JSON.parse(out);
}

/** Waits until nothing is on its way. */
function allToBeTriedAgain(mailDir: string): Promise<void> {
  return eventually(async () => {
    const messages: { readonly nextAttempt: string }[] = await listed(mailDir);
    return messages.every(({ nextAttempt }) =>
      Date.parse(nextAttempt) > Date.now()
    );
  }, "every message to be put off");
}

async function steer(mailDir: string, ...words: readonly string[]) {
  const { code, error } = await smtpd(mailDir, ["queue", ...words]);
  assertEquals([code, error], [0, ""]);
}

Deno.test("smtpd queue steers a server that runs", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  await using server = await relay(mailDir);
  const [kept, bounced, removed] = [
    queuedId(await sendMail(server.port, LETTER)),
    queuedId(await sendMail(server.port, LETTER)),
    queuedId(await sendMail(server.port, LETTER)),
  ];
  await allToBeTriedAgain(mailDir);
  const tries = async (id: string) =>
    (await listed(mailDir)).find((each: { id: string }) => each.id === id)
      ?.attempts;

  await steer(mailDir, "retry", kept);
  await eventually(async () => await tries(kept) === 2, "the retry");
  await steer(mailDir, "hold", kept);
  await steer(mailDir, "bounce", bounced);
  await steer(mailDir, "remove", removed);
  await eventually(() => mailsOf(mailDir, "petya").length > 0, "the report");
  const [report = "", ...more] = mailsOf(mailDir, "petya");
  assert(report.includes("550 5.7.0 Bounced by the postmaster"), report);
  assertEquals(more, []);
  await eventually(
    async () => (await listed(mailDir)).length === 1,
    "the bounced message to go",
  );
  const [held] = await listed(mailDir);
  assertEquals([held.id, held.status], [kept, "held"]);
  await server.kill();
});

Deno.test("smtpd queue steers the next server while none runs", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  await using first = await relay(mailDir);
  const held = queuedId(await sendMail(first.port, LETTER));
  const bounced = queuedId(await sendMail(first.port, LETTER));
  await allToBeTriedAgain(mailDir);
  await first.kill();
  await steer(mailDir, "hold", held);
  await steer(mailDir, "bounce", bounced);

  await using second = await relay(mailDir);
  await eventually(() => mailsOf(mailDir, "petya").length > 0, "the report");
  await steer(mailDir, "release", held);
  await second.logged("message deferred");
  await steer(mailDir, "remove", held);
  await eventually(
    async () => (await listed(mailDir)).length === 0,
    "the queue to be empty",
  );
  await second.kill();
});
