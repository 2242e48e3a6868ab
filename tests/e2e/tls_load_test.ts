/** Many clients under TLS at once. */
import { assert, assertEquals } from "@std/assert";
import { placesIn } from "../../src/config/places.ts";
import { mailFolder, SERVER, start } from "./program.ts";
import { furnish } from "./provider.ts";
import { connectSecurely, queuedId } from "./smtp_client.ts";
import { mailsOf } from "./stored_mail.ts";

/** Enough to tell what happens to many; 500 were tried by hand. */
const CLIENTS = 100;

Deno.test("smtpd serves many clients under TLS at once", async () => {
  await using folder = await mailFolder();
  await furnish(folder.mailDir);
  const { certificate, certificateKey } = placesIn(folder.mailDir);
  await using server = await start(
    folder.mailDir,
    ...[...SERVER, "--tls-cert", certificate, "--tls-key", certificateKey],
    ...["--max-connections-per-ip", `${CLIENTS}`],
  );
  const trusted = Deno.readTextFileSync(certificate);
  using stack = new DisposableStack();
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = await connectSecurely(server.port, trusted);
      return stack.use(client);
    }),
  );
  // All of them are there now.
  const ids = await Promise.all(clients.map(async (client) => {
    await client.say(
      "EHLO client.test",
      "MAIL FROM:<vasya@other.test>",
      "RCPT TO:<petya@test.ru>",
      "DATA",
    );
    return queuedId(await client.say("hello\r\n."));
  }));
  assertEquals(new Set(ids).size, CLIENTS);
  await server.logged("message delivered", CLIENTS);
  const mails = mailsOf(folder.mailDir, "petya");
  assertEquals(mails.length, CLIENTS);
  for (const mail of mails) assert(/ with ESMTPS id \w+\r\n/.test(mail), mail);
});
