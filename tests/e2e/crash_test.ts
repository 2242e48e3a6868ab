/** Whatever ends the program, nothing that it acknowledged is lost. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { markOf, startLoad } from "./load_source.ts";
import { eventually } from "./patience.ts";
import { exitOf, mailFolder, serve, SERVER, start } from "./program.ts";
import { connect, queuedId, sendMail } from "./smtp_client.ts";
import { litter, mailsOf } from "./stored_mail.ts";

// There, a signal to another process ends it at once.
const ignore = Deno.build.os === "windows";

function marks(mailDir: string): readonly (string | undefined)[] {
  return mailsOf(mailDir, "petya").map(markOf);
}

/** Waits until a server has delivered all of these, and sees that none is there twice. */
async function assertDelivered(
  mailDir: string,
  acknowledged: Iterable<string>,
): Promise<void> {
  const wanted = new Set(acknowledged);
  await eventually(
    () => wanted.isSubsetOf(new Set(marks(mailDir))),
    `${wanted.size} messages`,
  );
  const found = marks(mailDir);
  assertEquals(new Set(found).size, found.length, "a message is there twice");
}

Deno.test({
  name: "smtpd loses nothing when it is killed under load",
  ignore,
  fn: async () => {
    await using folder = await mailFolder();
    const acknowledged: string[] = [];
    for (const name of ["first", "second", "third"]) {
      await using server = await start(folder.mailDir, ...SERVER);
      const load = startLoad(server.port, { name });
      await eventually(
        () => load.acknowledged.size >= 100,
        "100 messages to be acknowledged",
      );
      await server.kill();
      await load.over;
      acknowledged.push(...load.acknowledged);
    }
    await using server = await start(folder.mailDir, ...SERVER);
    await assertDelivered(folder.mailDir, acknowledged);
    const { code } = await server.stop();
    assertEquals(code, 0);
    assertEquals(litter(folder.mailDir), []);
  },
});

Deno.test({
  name: "smtpd loses nothing when it is stopped under load",
  ignore,
  fn: async () => {
    await using folder = await mailFolder();
    await using server = await start(folder.mailDir, ...SERVER);
    using idle = await connect(server.port);
    using stalled = await connect(server.port);
    await stalled.say("EHLO client.test", "MAIL FROM:<>");
    await stalled.say("RCPT TO:<petya@test.ru>", "DATA");
    await stalled.send("X-Mark: stalled\r\n");
    const load = startLoad(server.port, { name: "load" });
    await eventually(
      () => load.acknowledged.size >= 100,
      "100 messages to be acknowledged",
    );
    const { code, error } = await server.stop();
    assertEquals(code, 0, error);
    assert(!/ERROR|^\s+at /m.test(error), error);
    assertMatch(await idle.rest(), /^421 4\.3\.2 .*\r\n$/);
    assertMatch(await stalled.rest(), /^421 4\.3\.2 .*\r\n$/);
    await load.over;

    await using again = await start(folder.mailDir, ...SERVER);
    await assertDelivered(folder.mailDir, load.acknowledged);
    assert(!marks(folder.mailDir).includes("stalled"));
    await again.stop();
    assertEquals(litter(folder.mailDir), []);
  },
});

Deno.test({
  name: "smtpd keeps trying, across a crash, a folder that can't be written",
  ignore,
  fn: async () => {
    await using folder = await mailFolder();
    const { mailDir } = folder;
    const args = [...SERVER, "--retry", "1s"];
    // A file in place of the folder is in the way of root as well.
    await Deno.mkdir(join(mailDir, "test.ru"), { recursive: true });
    const obstacle = join(mailDir, "test.ru", "petya");
    await Deno.writeTextFile(obstacle, "");
    const large = "X-Mark: large\r\n\r\n" + "text\r\n".repeat(50_000);
    {
      await using server = await start(mailDir, ...args);
      const to = ["petya@test.ru", "masha@test.ru"];
      queuedId(await sendMail(server.port, { to, text: "X-Mark: small\r\n" }));
      queuedId(await sendMail(server.port, { to, text: large }));
      await server.logged("message deferred", 2);
      await server.logged("message delivered", 2);
      await server.kill();
    }
    await using server = await start(mailDir, ...args);
    await server.logged("message deferred", 2);
    await Deno.remove(obstacle);
    await assertDelivered(mailDir, ["small", "large"]);
    assert(mailsOf(mailDir, "petya").some((mail) => mail.endsWith(large)));
    assertEquals(mailsOf(mailDir, "masha").length, 2);
    const { code } = await server.stop();
    assertEquals([code, litter(mailDir)], [0, []]);
  },
});

Deno.test("smtpd leaves a mail folder alone that another smtpd has", async () => {
  await using folder = await mailFolder();
  await using server = await start(folder.mailDir, ...SERVER);
  const second = await exitOf(
    serve(folder.mailDir, ["--port", "0", ...SERVER]).spawn(),
  );
  assertEquals([second.code, second.out], [1, ""]);
  assertMatch(
    second.error,
    /^smtpd: Cannot open queue "[^"]+": another smtpd is using it\n$/,
  );
  const id = queuedId(await sendMail(server.port));
  await server.logged(`message delivered id=${id}`);
});
