/** Clients that die, stray or mean no good. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { eventually } from "./patience.ts";
import {
  mailFolder,
  type Program,
  runCommand,
  SERVER,
  start,
} from "./program.ts";
import { has, program } from "./programs.ts";
import { connect, dial, queuedId, sendMail } from "./smtp_client.ts";
import { filesUnder, litter, mailsOf } from "./stored_mail.ts";

const ENVELOPE = [
  "EHLO client.test",
  "MAIL FROM:<vasya@other.test>",
  "RCPT TO:<petya@test.ru>",
];

/** The server goes on, and knows of no failure of its own. */
async function assertWell(server: Program): Promise<void> {
  const before = mailsOf(server.mailDir, "petya").length;
  const id = queuedId(await sendMail(server.port));
  await server.logged(`message delivered id=${id}`);
  assertEquals(mailsOf(server.mailDir, "petya").length, before + 1);
  assert(!/ERROR|^\s+at /m.test(server.log()), server.log());
}

Deno.test("smtpd keeps nothing of clients that die in the middle of a message", async () => {
  await using folder = await mailFolder();
  await using server = await start(folder.mailDir, ...SERVER);
  const spooled = () => litter(folder.mailDir).length;
  const text = "some text\r\n".repeat(20_000);
  {
    using data = await connect(server.port);
    await data.say(...ENVELOPE, "DATA");
    await data.send(text);
    using chunk = await connect(server.port);
    await chunk.say(...ENVELOPE);
    await chunk.send(`BDAT 9999999 LAST\r\n${text}`);
    using almost = await connect(server.port);
    await almost.say(...ENVELOPE, "DATA");
    await almost.send(`${text}.\r`);
    await eventually(() => spooled() === 3, "three files in the spool");
  }
  await eventually(() => spooled() === 0, "an empty spool");
  assertEquals(
    filesUnder(folder.mailDir).filter((path) => !path.startsWith(".smtpd/")),
    [],
  );
  assert(!server.log().includes("message accepted"));
  await assertWell(server);
  assertEquals(litter(folder.mailDir), []);
});

const STRAYS: readonly (readonly [string, string | number[], RegExp])[] = [
  [
    "a browser",
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n",
    /^554 5\.5\.1 .*\r\n$/,
  ],
  [
    "a web form that posts commands",
    "POST / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<a@b.test>\r\n",
    /^554 5\.5\.1 .*\r\n$/,
  ],
  [
    "a TLS client",
    [22, 3, 1, 0, 5, 1, 0, 0, 1, 0],
    /^554 5\.5\.1 .*\r\n$/,
  ],
  [
    "a client of another protocol",
    "* CAPABILITY\r\n".repeat(30),
    /^(500 .*\r\n)+421 4\.7\.0 .*\r\n$/,
  ],
  [
    "a source of noise",
    Array.from({ length: 1500 }, (_, index) => index * index * 31 % 256)
      .flatMap((octet, index) => index % 20 === 19 ? [13, 10] : [octet])
      .filter((octet, index) => octet !== 22 || index > 0),
    /^(500 .*\r\n)+421 4\.7\.0 .*\r\n$/,
  ],
];

Deno.test("smtpd answers strays and closes", async (t) => {
  await using folder = await mailFolder();
  await using server = await start(folder.mailDir, ...SERVER);
  for (const [who, said, answer] of STRAYS) {
    await t.step(who, async () => {
      using client = await connect(server.port);
      await client.send(
        typeof said === "string" ? said : new Uint8Array(said),
      );
      assertMatch(await client.rest(), answer);
    });
  }
  await t.step("port scanners", async () => {
    for (let count = 0; count < 50; count++) {
      (await dial(server.port))[Symbol.dispose]();
    }
  });
  await t.step("a client that never reads", async () => {
    using client = await dial(server.port);
    const noops = "NOOP\r\n".repeat(10_000);
    // Its octets stop being taken when its replies are not.
    await Promise.race([
      (async () => {
        for (;;) await client.send(noops);
      })().catch(() => {}),
      assertWell(server),
    ]);
  });
  await assertWell(server);
});

Deno.test({
  name: "smtpd outlives running out of files",
  ignore: Deno.build.os !== "linux" || !has("prlimit"),
  fn: async () => {
    await using folder = await mailFolder();
    await using server = await start(folder.mailDir, ...SERVER);
    await assertWell(server);
    const { out } = await runCommand(
      program("ls", `/proc/${server.pid}/fd`),
      "",
    );
    const open = out.trim().split("\n").length;
    const limit = async (files: number) => {
      const { code, error } = await runCommand(
        program("prlimit", `--pid=${server.pid}`, `--nofile=${files}:4096`),
        "",
      );
      assertEquals([code, error], [0, ""]);
    };
    await limit(open + 5);
    {
      using stack = new DisposableStack();
      for (let count = 0; count < 20; count++) {
        stack.use(await dial(server.port));
      }
      await server.logged("accept failed");
      await limit(4096);
    }
    const id = queuedId(await sendMail(server.port));
    await server.logged(`message delivered id=${id}`);
  },
});
