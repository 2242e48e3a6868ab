/** Clients that hold on without getting anywhere, that leave, and that talk without end. */
import { assert, assertEquals } from "@std/assert";
import { placesIn } from "../../src/config/places.ts";
import { eventually } from "./patience.ts";
import {
  mailFolder,
  type Program,
  runCommand,
  SERVER,
  start,
} from "./program.ts";
import { has, program } from "./programs.ts";
import { furnish } from "./provider.ts";
import {
  connect,
  dial,
  queuedId,
  sendMail,
  type SmtpClient,
} from "./smtp_client.ts";
import { litter } from "./stored_mail.ts";

const GREETING = "220 test.ru ESMTP smtpd";
const TIMED_OUT = "421 4.4.2 test.ru timed out, closing connection\r\n";
const MAKING_ROOM =
  "421 4.3.2 test.ru too busy for slow clients, try again later";
const TOO_MANY = "421 4.7.0 test.ru too many connections, try again later";
const TRANSACTION = [
  "EHLO client.test",
  "MAIL FROM:<vasya@other.test>",
  "RCPT TO:<petya@test.ru>",
];

/** Where a client stops, and what it says from then on, an octet at a time. */
interface Middle {
  readonly said: readonly string[];
  readonly rest: string;
}

const MIDDLES: Readonly<Record<string, Middle>> = {
  "nothing": { said: [], rest: "" },
  "a command": { said: ["EHLO client.test"], rest: "NOOP ".repeat(1000) },
  "DATA": { said: [...TRANSACTION, "DATA"], rest: "hello\r\n".repeat(1000) },
  "BDAT": {
    said: TRANSACTION,
    rest: `BDAT 9999 LAST\r\n${"hello\r\n".repeat(1000)}`,
  },
  "AUTH": {
    said: ["EHLO client.test", "AUTH LOGIN"],
    rest: "cGV0".repeat(999),
  },
};

/** TLS has a time of its own. */
const UNDER_TLS: readonly Middle[] = [
  { said: ["EHLO client.test", "STARTTLS"], rest: "" },
  { said: ["EHLO client.test", "STARTTLS"], rest: "\x16\x03\x01\x00\x05" },
];

async function startServer(...args: readonly string[]): Promise<Program> {
  await using stack = new AsyncDisposableStack();
  const { mailDir } = stack.use(await mailFolder());
  await furnish(mailDir);
  const { certificate, certificateKey } = placesIn(mailDir);
  const server = stack.use(
    await start(
      mailDir,
      ...[...SERVER, "--insecure-auth"],
      ...["--tls-cert", certificate, "--tls-key", certificateKey],
      ...args,
    ),
  );
  const started = stack.move();
  return { ...server, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

/** A client that says an octet a while, until the server ends it; what it heard then. */
async function linger(
  client: SmtpClient,
  { said, rest }: Middle,
): Promise<string> {
  await client.say(...said);
  let over = false;
  const trickling = (async () => {
    for (const octet of rest) {
      if (over) break;
      await client.send(octet).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const heard = await client.rest();
  over = true;
  await trickling;
  return heard;
}

Deno.test("smtpd takes mail while clients trickle, and ends those though they do", async () => {
  await using server = await startServer("--timeout", "3s");
  using stack = new DisposableStack();
  const enter = async () => stack.use(await connect(server.port));
  const slow: Promise<readonly [string, string]>[] = [];
  for (const [what, middle] of Object.entries(MIDDLES)) {
    for (let count = 0; count < 10; count++) {
      const client = await enter();
      slow.push(linger(client, middle).then((heard) => [what, heard]));
    }
  }
  for (const { said, rest } of UNDER_TLS) {
    const client = await enter();
    await client.say(...said);
    await client.send(rest);
  }
  queuedId(await sendMail(server.port));
  for (const [what, heard] of await Promise.all(slow)) {
    assertEquals([what, heard], [what, TIMED_OUT]);
  }
  queuedId(await sendMail(server.port));
  await eventually(
    () => litter(server.mailDir).length === 0,
    "nothing to be left of what they sent",
  );
});

Deno.test("smtpd has slow clients make room when it is full, one for each who comes", async () => {
  await using server = await startServer("--max-connections", "3");
  using stack = new DisposableStack();
  const slow: SmtpClient[] = [];
  for (let count = 0; count < 3; count++) {
    slow.push(stack.use(await connect(server.port)));
  }
  const greetings = new Set<string>();
  await eventually(async () => {
    const client = stack.use(await dial(server.port));
    greetings.add(await client.reply());
    return greetings.has(GREETING);
  }, "room");
  assertEquals([...greetings], [TOO_MANY, GREETING]);
  const replies = await Promise.all(slow.map((one) => one.say("NOOP")));
  assertEquals(replies.toSorted(), [
    "250 2.0.0 OK",
    "250 2.0.0 OK",
    MAKING_ROOM,
  ]);
});

Deno.test({
  name: "smtpd lets go of clients that leave in the middle of anything",
  ignore: Deno.build.os !== "linux" || !has("ls"),
  fn: async () => {
    await using server = await startServer("--timeout", "1h");
    const sockets = async () => {
      const command = program("ls", "-l", `/proc/${server.pid}/fd`);
      const { out } = await runCommand(command, "");
      return out.match(/ -> socket:/g)?.length;
    };
    const before = await sockets();
    for (let round = 0; round < 10; round++) {
      using stack = new DisposableStack();
      stack.use(await dial(server.port));
      for (const { said, rest } of [...Object.values(MIDDLES), ...UNDER_TLS]) {
        const client = stack.use(await connect(server.port));
        await client.say(...said);
        await client.send(rest);
      }
    }
    await eventually(
      async () => await sockets() === before,
      "all connections to be closed",
    );
    queuedId(await sendMail(server.port));
    assert(!/ERROR|^\s+at /m.test(server.log()), server.log());
  },
});

Deno.test("smtpd takes mail while clients talk and talk", async () => {
  await using server = await startServer();
  using stack = new DisposableStack();
  const talkers: SmtpClient[] = [];
  for (let count = 0; count < 10; count++) {
    talkers.push(stack.use(await connect(server.port)));
  }
  let heardOut = 0;
  const talks = talkers.map(async (client, index) => {
    const command = ["NOOP", "EHLO x", "HELP", "RSET", "VRFY x"][index % 5];
    const sent = client.send(`${command}\r\n`.repeat(50_000) + "QUIT\r\n");
    await client.rest();
    heardOut++;
    await sent;
  });
  for (let count = 0; count < 5; count++) {
    queuedId(await sendMail(server.port));
  }
  assertEquals(heardOut, 0);
  stack.dispose();
  await Promise.allSettled(talks);
});
