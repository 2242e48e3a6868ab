/** Somebody moves or removes what the server is using. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { copyFolder } from "../queue/sqlite/damage.ts";
import { markOf } from "./load_source.ts";
import { eventually } from "./patience.ts";
import { exitOf, mailFolder, serve, SERVER, smtpd, start } from "./program.ts";
import { canMount, smallDisk } from "./small_disk.ts";
import { connect, queuedId, sendMail } from "./smtp_client.ts";
import { mailsOf } from "./stored_mail.ts";

// There, what is open can't be moved or removed.
const ignore = Deno.build.os === "windows";

const LARGE = "some text\r\n".repeat(10_000);

/** Sends a message with a mark; gives the reply. */
function send(port: number, mark: string, text = ""): Promise<string> {
  return sendMail(port, { text: `X-Mark: ${mark}\r\n\r\n${text}` });
}

/** Waits until just these messages are there, each once. */
async function assertDelivered(
  mailDir: string,
  ...marks: readonly string[]
): Promise<void> {
  const found = () => mailsOf(mailDir, "petya").map(markOf).sort();
  await eventually(() => found().length >= marks.length, `${marks}`);
  assertEquals(found(), marks.toSorted());
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path) !== undefined;
  } catch {
    return false;
  }
}

Deno.test({
  name: "smtpd acknowledges nothing while its mail folder is elsewhere",
  ignore,
  async fn() {
    await using folder = await mailFolder();
    const { mailDir, parent } = folder;
    const elsewhere = join(parent, "elsewhere");
    await using server = await start(mailDir, ...SERVER);
    // Before anything was delivered, and after.
    for (const round of ["first", "second"]) {
      await Deno.rename(mailDir, elsewhere);
      for (const text of ["", LARGE]) {
        assertMatch(await send(server.port, "lost", text), /^451 4\.3\.0 /);
      }
      await server.logged("was moved or removed: put it back, or restart");
      assert(!exists(mailDir), "somebody made a new mail folder");
      await Deno.rename(elsewhere, mailDir);
      queuedId(await send(server.port, `${round}-small`));
      queuedId(await send(server.port, `${round}-large`, LARGE));
      await eventually(
        () =>
          mailsOf(mailDir, "petya").map(markOf)
            .filter((mark) => mark?.startsWith(round)).length === 2,
        "two messages",
      );
    }
    const all = ["first-large", "first-small", "second-large", "second-small"];
    await assertDelivered(mailDir, ...all);
    assertEquals((await server.stop()).code, 0);
  },
});

Deno.test({
  name:
    "smtpd acknowledges nothing while a copy is in place of its mail folder",
  ignore,
  async fn() {
    await using folder = await mailFolder();
    const { mailDir, parent } = folder;
    const elsewhere = join(parent, "elsewhere");
    await using server = await start(mailDir, ...SERVER);
    queuedId(await send(server.port, "before"));
    await assertDelivered(mailDir, "before");
    await Deno.rename(mailDir, elsewhere);
    await copyFolder(elsewhere, mailDir);
    assertMatch(await send(server.port, "lost"), /^451 4\.3\.0 /);
    await Deno.remove(mailDir, { recursive: true });
    await Deno.rename(elsewhere, mailDir);
    queuedId(await send(server.port, "after"));
    await assertDelivered(mailDir, "before", "after");
  },
});

Deno.test({
  name:
    "smtpd acknowledges nothing once its queue was removed, until it is started anew",
  ignore,
  async fn() {
    await using folder = await mailFolder();
    const { mailDir } = folder;
    {
      await using server = await start(mailDir, ...SERVER);
      queuedId(await send(server.port, "before"));
      await assertDelivered(mailDir, "before");
      await Deno.remove(join(mailDir, ".smtpd"), { recursive: true });
      for (const text of ["", LARGE]) {
        assertMatch(await send(server.port, "lost", text), /^451 4\.3\.0 /);
      }
      assertEquals((await server.stop()).code, 0);
    }
    await using server = await start(mailDir, ...SERVER);
    queuedId(await send(server.port, "after"));
    await assertDelivered(mailDir, "before", "after");
  },
});

Deno.test({
  name: "smtpd makes the folders of a mailbox again that are removed",
  ignore,
  async fn() {
    await using folder = await mailFolder();
    const { mailDir } = folder;
    await using server = await start(mailDir, ...SERVER);
    queuedId(await send(server.port, "0"));
    await assertDelivered(mailDir, "0");
    const paths = ["petya/tmp", "petya/cur", "petya/new", "petya", ""];
    for (const [number, path] of paths.entries()) {
      await Deno.remove(join(mailDir, "test.ru", path), { recursive: true });
      const mark = String(number + 1);
      queuedId(await send(server.port, mark));
      await eventually(
        () => mailsOf(mailDir, "petya").map(markOf).includes(mark),
        `a message after ${path} went`,
      );
    }
  },
});

Deno.test("smtpd knows its users though their file is gone, and says that it is", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  const users = join(mailDir, ".smtpd", "users");
  const add = (address: string) =>
    smtpd(mailDir, ["user", "add", address, "--password-stdin"], {
      input: "correct horse\n",
    });
  await add("petya@test.ru");
  await using server = await start(mailDir, "--domain", "test.ru");
  const text = await Deno.readTextFile(users);
  await Deno.remove(users);
  await eventually(async () => {
    queuedId(await sendMail(server.port));
    return server.log().includes(
      `ERROR damaged file ignored path=${users} why="File is gone"`,
    );
  }, "a line about the file");
  await Deno.writeTextFile(users, text.replace("petya@", "masha@"));
  await eventually(async () => {
    using client = await connect(server.port);
    const to = await client.say(
      ...["EHLO client.test", "MAIL FROM:<>", "RCPT TO:<petya@test.ru>"],
    );
    return to.startsWith("550 5.1.1 ");
  }, "the new users to be known");
});

Deno.test({
  name:
    "smtpd doesn't start on a disk that it can't write to, whatever a crash left there",
  ignore: !await canMount(),
  async fn() {
    await using disk = await smallDisk(8 * 1024 * 1024);
    const mailDir = join(disk.path, "mail");
    for (const mark of ["stopped", "killed"]) {
      await using server = await start(mailDir, ...SERVER);
      queuedId(await send(server.port, mark));
      await server.logged("message delivered");
      if (mark === "stopped") await server.stop();
      else await server.kill();
      await disk.remount("ro");
      const args = ["--port", "0", ...SERVER];
      const refused = await exitOf(serve(mailDir, args).spawn());
      assertEquals([refused.code, refused.out], [1, ""]);
      assertMatch(refused.error, /^smtpd: Cannot open .*\n$/);
      await disk.remount("rw");
    }
    await using server = await start(mailDir, ...SERVER);
    queuedId(await send(server.port, "after"));
    await assertDelivered(mailDir, "stopped", "killed", "after");
  },
});
