/** A server with all that it can have, under the permissions that `smtpd check` names. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { AUTHORITY, MX } from "../net/certificates.ts";
import { startDnsServer } from "../net/dns_server.ts";
import {
  HOST,
  mailFolder,
  type Program,
  smtpd,
  startNarrowly,
} from "./program.ts";
import { dial, type SmtpClient } from "./smtp_client.ts";

/** The files of a certificate as certbot keeps them: links to where they are this time. */
async function keepAsCertbot(folder: string, time: number): Promise<void> {
  const files = { fullchain: MX.cert, privkey: MX.key };
  for (const [name, text] of Object.entries(files)) {
    const file = join("archive", `${name}${time}.pem`);
    const link = join(folder, "live", `${name}.pem`);
    await Deno.writeTextFile(join(folder, file), "\n".repeat(time) + text);
    await Deno.remove(link).catch(() => {});
    await Deno.symlink(join("..", file), link);
  }
}

/** A client of the outside world, who comes by way of a proxy. */
async function dialFrom(address: string, port: number): Promise<SmtpClient> {
  const client = await dial(port);
  await client.send(`PROXY TCP4 ${address} 192.0.2.1 40000 25\r\n`);
  return client;
}

async function heardFrom(address: string, server: Program): Promise<string> {
  using client = await dialFrom(address, server.port);
  await client.reply();
  await client.say("EHLO client.test");
  const sender = await client.say("MAIL FROM:<ivan@other.test>");
  return sender.startsWith("250 ")
    ? await client.say("RCPT TO:<petya@test.ru>")
    : sender;
}

Deno.test({
  name:
    "three ports, certbot's links, greylist and block list need no more than check names",
  // Links need administrator rights there.
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await mailFolder();
    const { mailDir, parent } = folder;
    for (const name of ["live", "archive"]) {
      await Deno.mkdir(join(parent, name));
    }
    await keepAsCertbot(parent, 1);
    await using dns = await startDnsServer({
      "7.113.0.203.bl.test": { A: ["127.0.0.2"] },
    });
    const added = await smtpd(
      mailDir,
      ["user", "add", "petya@test.ru", "--password-stdin"],
      { input: "12345\n" },
    );
    assertEquals(added.code, 0);
    await using server = await startNarrowly(
      mailDir,
      ...["--domain", "test.ru", "--relay-from", "none"],
      ...["--submission-port", "0", "--submissions-port", "0"],
      ...["--tls-cert", join(parent, "live", "fullchain.pem")],
      ...["--tls-key", join(parent, "live", "privkey.pem")],
      ...["--proxy-from", HOST, "--dnsbl", "bl.test", "--greylist", "1h"],
      ...["--dns", `${dns.address}:${dns.port}`],
    );
    assertMatch(await heardFrom("203.0.113.7", server), /^554 5\.7\.1 /);
    assertMatch(await heardFrom("203.0.113.8", server), /^451 4\.7\.1 /);
    for (const setting of ["submission-port", "submissions-port"] as const) {
      using client = await dialFrom("203.0.113.9", server.portOf(setting));
      if (setting === "submission-port") {
        await client.reply();
        await client.say("EHLO client.test", "STARTTLS");
      }
      await client.secure(AUTHORITY);
      if (setting === "submissions-port") await client.reply();
      await client.say("EHLO client.test");
      const proof = btoa("\0petya@test.ru\x0012345");
      assertMatch(await client.say(`AUTH PLAIN ${proof}`), /^235 /);
    }

    await keepAsCertbot(parent, 2);
    await server.logged("certificate reloaded");

    const { code, error } = await server.stop();
    assertEquals(code, 0);
    assert(!error.includes("Requires "), error);
  },
});
