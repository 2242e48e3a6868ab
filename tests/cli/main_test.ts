/** The program as a process of its own, under the permissions that `smtpd check` names. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { permissionFlags } from "../../src/config/permissions.ts";

const ROOT = new URL("../../", import.meta.url);
const HOST = "127.0.0.1";

/** A mail folder of its own, removed afterwards. */
async function inMailFolder(look: (mail: string) => Promise<void>) {
  const mail = await Deno.makeTempDir();
  try {
    await look(mail);
  } finally {
    await Deno.remove(mail, { recursive: true });
  }
}

/** What a server needs that has nothing to send. */
function permissionsAtHome(mailDir: string, port: number): readonly string[] {
  return permissionFlags({
    ...{ host: HOST, port, mailDir },
    ...{ submissionPort: undefined, submissionsPort: undefined, tlsFiles: [] },
    ...{ accept: "all", dns: undefined, routes: [], blockLists: [] },
  });
}

/** The program's process, to be started with just the permissions that it needs, or those given. */
function smtpd(
  mailDir: string,
  args: readonly string[],
  { port = 0, permissions = permissionsAtHome(mailDir, port) } = {},
) {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", ...permissions, "main.ts"],
      ...["--host", HOST, "--port", `${port}`, "--mail-dir", mailDir, ...args],
    ],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Reads text until it matches; throws when it ends before. */
async function readUntil(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  pattern: RegExp,
): Promise<{ readonly text: string; readonly match: RegExpExecArray }> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream.values({ preventCancel: true })) {
    text += decoder.decode(chunk, { stream: true });
    const match = pattern.exec(text);
    if (match) return { text, match };
  }
  throw new Error(`Cannot find ${pattern} in ${JSON.stringify(text)}`);
}

/** All the text that is still to come. */
async function readRest(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<string> {
  return (await Array.fromAsync(stream.pipeThrough(new TextDecoderStream())))
    .join("");
}

/** Says all at once and hears what comes until the server closes. */
async function converse(port: number, dialogue: string): Promise<string> {
  using conn = await Deno.connect({ hostname: HOST, port });
  await conn.write(new TextEncoder().encode(dialogue));
  return await readRest(conn.readable);
}

const MESSAGE = [
  "EHLO client.test",
  "MAIL FROM:<ivan@other.test>",
  "RCPT TO:<petya@test.ru>",
  "DATA",
  "Subject: hello",
  "",
  "hi",
  ".",
  "QUIT",
  "",
].join("\r\n");

Deno.test({
  name:
    "main.ts keeps a mail and stops at SIGINT, permitted only what check names",
  // There a signal to another process ends it at once.
  ignore: Deno.build.os === "windows",
  fn: () =>
    inMailFolder(async (mail) => {
      const args = ["--domain", "test.ru", "--accept", "domain"];
      await using process = smtpd(mail, args).spawn();
      const { text, match } = await readUntil(
        process.stdout,
        /Listening on 127\.0\.0\.1:(\d+)[^]*Point [^]*\n/,
      );
      assertEquals(text.split("\n"), [
        `Listening on 127.0.0.1:${match[1]}`,
        `Keeping mail for every name at test.ru in ${
          join(mail, "DOMAIN", "USER")
        }`,
        `Point a mail client at 127.0.0.1, port ${match[1]}`,
        "",
      ]);
      assertMatch(
        await converse(Number(match[1]), MESSAGE),
        /^250 .* queued as /m,
      );
      const { text: log } = await readUntil(
        process.stderr,
        /message delivered .*\n/,
      );
      process.kill("SIGINT");
      assertEquals(await readRest(process.stdout), "");
      const rest = await readRest(process.stderr);
      assertEquals(await process.status, {
        success: true,
        code: 0,
        signal: null,
      });
      assert(!`${log}${rest}`.includes("    at "), rest);
      const names = [
        ...Deno.readDirSync(join(mail, "test.ru", "petya", "new")),
      ];
      assertEquals(names.length, 1);
    }),
});

Deno.test("main.ts names a missing permission in one line", async () => {
  await inMailFolder(async (mail) => {
    const { code, stdout, stderr } = await smtpd(mail, ["--accept", "all"], {
      permissions: [`--allow-read=${mail}`, `--allow-write=${mail}`],
    }).output();
    assertEquals(new TextDecoder().decode(stdout), "");
    assertEquals(
      new TextDecoder().decode(stderr),
      'smtpd: Requires net access to "127.0.0.1:0": run again with --allow-net ' +
        "(smtpd check lists every flag)\n",
    );
    assertEquals(code, 1);
  });
});

Deno.test("main.ts says that the port is taken in one line", async () => {
  using taken = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await inMailFolder(async (mail) => {
    const { code, stderr } = await smtpd(mail, ["--accept", "all"], { port })
      .output();
    assertMatch(
      new TextDecoder().decode(stderr),
      new RegExp(`^smtpd: Cannot listen on 127\\.0\\.0\\.1:${port}: [^\n]+\n$`),
    );
    assertEquals(code, 1);
  });
});

Deno.test("main.ts needs no permission to complain", async () => {
  const { code, stderr } = await smtpd("mail", ["--prot", "1"], {
    permissions: [],
  }).output();
  assertEquals(
    new TextDecoder().decode(stderr),
    "smtpd: --prot: unknown flag; did you mean --port?\n",
  );
  assertEquals(code, 2);
});
