/** The disk is full, and then it isn't any more. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { countRows } from "../queue/queue_folder.ts";
import { markOf } from "./load_source.ts";
import { eventually } from "./patience.ts";
import { HOST, mailFolder, SERVER, start } from "./program.ts";
import { startRemote, YES } from "./remote_server.ts";
import { canMount, smallDisk } from "./small_disk.ts";
import { queuedId, sendMail } from "./smtp_client.ts";
import { litter, mailsOf } from "./stored_mail.ts";

const ignore = !await canMount();

const SIZE = 4 * 1024 * 1024;
const FULL = "452 4.3.1 Insufficient system storage";

function send(port: number, mark: string, text = ""): Promise<string> {
  return sendMail(port, { text: `X-Mark: ${mark}\r\n\r\n${text}` });
}

function marks(mailDir: string): readonly (string | undefined)[] {
  return mailsOf(mailDir, "petya").map(markOf).sort();
}

Deno.test({
  name: "smtpd says 452 while its disk is full, and goes on when there is room",
  ignore,
  async fn() {
    await using disk = await smallDisk(SIZE);
    const mailDir = join(disk.path, "mail");
    await using server = await start(mailDir, ...SERVER);
    queuedId(await send(server.port, "before"));
    await server.logged("message delivered");
    for (const round of [1, 2]) {
      await disk.fill();
      const small = "some text\r\n".repeat(5000);
      assertEquals(await send(server.port, "lost", small), FULL);
      const large = "some text\r\n".repeat(20_000);
      assertEquals(await send(server.port, "lost", large), FULL);
      await disk.clear();
      queuedId(await send(server.port, `small-${round}`, small));
      queuedId(await send(server.port, `large-${round}`, large));
      await server.logged("message delivered", 1 + 2 * round);
    }
    assertEquals(marks(mailDir), [
      ...["before", "large-1", "large-2", "small-1", "small-2"],
    ]);
    assertEquals((await server.stop()).code, 0);
    assertEquals(litter(mailDir), []);
  },
});

Deno.test({
  name: "smtpd keeps mail for a mailbox whose disk is full, and tries again",
  ignore,
  async fn() {
    await using folder = await mailFolder();
    const { mailDir } = folder;
    const domain = join(mailDir, "test.ru");
    await Deno.mkdir(domain, { recursive: true });
    await using disk = await smallDisk(SIZE, domain);
    await using server = await start(mailDir, ...SERVER, "--retry", "1s");
    queuedId(await send(server.port, "before"));
    await server.logged("message delivered");
    await disk.fill();
    queuedId(await send(server.port, "small", "some text\r\n".repeat(500)));
    queuedId(await send(server.port, "large", "some text\r\n".repeat(20_000)));
    const lines = await server.logged("message deferred", 3);
    for (const line of lines) assertMatch(line, /reply="452 4\.3\.1 /);
    assertEquals(marks(mailDir), ["before"]);
    await disk.clear();
    await server.logged("message delivered", 3);
    assertEquals(marks(mailDir), ["before", "large", "small"]);
    assertEquals((await server.stop()).code, 0);
    assertEquals(litter(mailDir), []);
  },
});

Deno.test({
  name:
    "smtpd remembers what it sent while its disk is full, and doesn't send it again",
  ignore,
  async fn() {
    await using disk = await smallDisk(SIZE);
    const mailDir = join(disk.path, "mail");
    const { promise: full, resolve } = Promise.withResolvers<void>();
    await using remote = startRemote({
      text: async () => {
        await full;
        return YES.text;
      },
    });
    await using server = await start(
      mailDir,
      ...["--domain", "test.ru", "--accept", "domain", "--retry", "1s"],
      ...["--relay-from", HOST, "--route", `*=${HOST}:${remote.port}`],
    );
    const to = ["vasya@other.test"];
    queuedId(await sendMail(server.port, { from: "petya@test.ru", to }));
    await disk.fill();
    resolve();
    await server.logged("commit failed");
    await disk.clear();
    await eventually(
      () => countRows(join(mailDir, ".smtpd", "queue.db")).message === 0,
      "the queue to be empty",
    );
    assertEquals(remote.letters.length, 1);
    assert(server.log().includes("message relayed"));
  },
});
