/** Who may read what the program writes: its own user, whatever umask it is started with. */
import { assert, assertEquals } from "@std/assert";
import { placesIn } from "../../src/config/places.ts";
import { permissionFlags } from "../../src/config/permissions.ts";
import { eventually } from "../e2e/patience.ts";
import {
  exitOf,
  HOST,
  mailFolder,
  runCommand,
  settingsOf,
  unquoted,
} from "../e2e/program.ts";
import { freePort } from "../e2e/remote_server.ts";
import { connect, queuedId, sendMail } from "../e2e/smtp_client.ts";
import { filesUnder, walk } from "../e2e/stored_mail.ts";
import { listening } from "./listening.ts";

const ROOT = new URL("../../", import.meta.url);

/** The program under a umask. */
function under(
  umask: string,
  permissions: readonly string[],
  args: readonly string[],
  stdin: "piped" | "null" = "piped",
): Deno.Command {
  const deno = ["run", "--quiet", "--no-prompt", ...permissions, "main.ts"];
  return new Deno.Command("sh", {
    args: [
      ...["-c", `umask ${umask}; exec "$0" "$@"`],
      ...[Deno.execPath(), ...deno, ...args],
    ],
    cwd: ROOT,
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

for (const [umask, store] of [["000", "maildir"], ["022", "mbox"]] as const) {
  Deno.test({
    name:
      `smtpd makes no file or folder that others can read, umask ${umask}, ${store}`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      await using folder = await mailFolder();
      const { mailDir } = folder;
      const own = [`--allow-read=${mailDir}`, `--allow-write=${mailDir}`];
      const run = async (args: readonly string[], input = "") => {
        const all = [...args, "--mail-dir", mailDir];
        const { code, error } = await runCommand(under(umask, own, all), input);
        assertEquals([code, error], [0, ""]);
      };
      await run(["user", "add", "petya@test.ru", "--password-stdin"], "secret");
      await run(["alias", "add", "info@test.ru", "petya@test.ru"]);
      await run(["tls", "self-signed", "--domain", "test.ru"]);

      const port = freePort();
      const { certificate, certificateKey } = placesIn(mailDir);
      const args = [
        ...["--host", HOST, "--port", `${port}`, "--mail-dir", mailDir],
        ...["--domain", "test.ru", "--store", store, "--greylist", "1s"],
        ...["--tls-cert", certificate, "--tls-key", certificateKey],
        ...["--route", `elsewhere.test=${HOST}:${freePort()}`],
      ];
      const flags = unquoted(permissionFlags(settingsOf(args)));
      await using server = under(umask, flags, args, "null").spawn();
      await listening(port);
      queuedId(await sendMail(port));
      queuedId(await sendMail(port, { to: ["ivan@elsewhere.test"] }));
      using client = await connect(port);
      await client.say("EHLO c", "MAIL FROM:<>", "RCPT TO:<petya@test.ru>");
      await client.say("DATA");
      await client.send("text\r\n".repeat(50_000));
      await eventually(() => {
        const files = filesUnder(mailDir);
        return ["test.ru/petya", ".smtpd/spool/", ".smtpd/transcripts/"]
          .every((start) => files.some((path) => path.startsWith(start)));
      }, "mail, a file in the spool and a transcript");
      assertOwn(mailDir);

      client[Symbol.dispose]();
      server.kill("SIGTERM");
      assertEquals((await exitOf(server)).code, 0);
      assertOwn(mailDir);
    },
  });
}

function assertOwn(mailDir: string): void {
  const found = [{ path: mailDir, isFile: false }, ...walk(mailDir)];
  assert(found.length > 10, "hardly anything there");
  for (const { path, isFile } of found) {
    const mode = Deno.statSync(path).mode! & 0o777;
    assertEquals(mode.toString(8), isFile ? "600" : "700", path);
  }
}
