/** Destinations in trouble harm nobody else, and aren't harmed by us. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { countRows } from "../queue/queue_folder.ts";
import { markOf } from "./load_source.ts";
import { eventually } from "./patience.ts";
import { HOST, mailFolder, type Program, start } from "./program.ts";
import { freePort, startRemote } from "./remote_server.ts";
import { submitMany } from "./submit.ts";

/** Connections that a destination may have from us, and so attempts before the first has failed. */
const CONNECTIONS = 20;

/** A server that knows at which port of this machine the mail for some domains goes. */
function startRelay(
  mailDir: string,
  ports: Readonly<Record<string, number>>,
): Promise<Program> {
  const routes = Object.entries(ports).flatMap(([domain, port]) => [
    "--route",
    `${domain}=${HOST}:${port}`,
  ]);
  return start(
    mailDir,
    ...["--domain", "test.ru", "--accept", "domain", "--retry", "1h"],
    ...["--relay-from", HOST, ...routes],
  );
}

function sendTo(server: Program, domain: string, count: number) {
  return submitMany(server.port, {
    from: "petya@test.ru",
    to: [`vasya@${domain}`],
    ...{ name: domain, count },
  });
}

Deno.test("smtpd sends mail to one host while others stall", async () => {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  await using mute = startRemote({ greeting: "silence" });
  await using slow = startRemote({ MAIL: "silence" });
  await using healthy = startRemote();
  await using server = await startRelay(mailDir, {
    "mute.test": mute.port,
    "slow.test": slow.port,
    "healthy.test": healthy.port,
  });
  await sendTo(server, "mute.test", 100);
  await sendTo(server, "slow.test", 100);
  await eventually(
    () => mute.connections.length > 0 && slow.connections.length > 0,
    "the hosts that stall to be tried",
  );
  const marks = await sendTo(server, "healthy.test", 50);
  await healthy.took(marks.length);
  await eventually(
    () => countRows(join(mailDir, ".smtpd", "queue.db")).message === 200,
    "the others to be left in the queue",
  );
  assertEquals(
    new Set(healthy.letters.map(({ text }) => markOf(text))),
    new Set(marks),
  );
  assert(mute.connections.length <= CONNECTIONS);
  assert(slow.connections.length <= CONNECTIONS);
  assert(!server.log().includes("message deferred"), server.log());
  await server.kill();
});

Deno.test("smtpd doesn't hammer a host that is in trouble", async () => {
  await using folder = await mailFolder();
  await using rude = startRemote({ greeting: { close: "" } });
  await using server = await startRelay(folder.mailDir, {
    "refusing.test": freePort(),
    "rude.test": rude.port,
  });
  await sendTo(server, "refusing.test", 1000);
  await sendTo(server, "rude.test", 500);
  const put = (off: string, domain: string) =>
    server.log().split("\n").filter((line) =>
      line.includes(`message ${off}`) && line.includes(`to=vasya@${domain}`)
    ).length;
  for (
    const [domain, count] of [["refusing.test", 1000], [
      "rude.test",
      500,
    ]] as const
  ) {
    await eventually(
      () => put("deferred", domain) + put("postponed", domain) === count,
      `all mail for ${domain} to be put off`,
    );
    assert(put("deferred", domain) <= CONNECTIONS);
  }
  assert(rude.connections.length <= CONNECTIONS);
  const { code } = await server.stop();
  assertEquals(code, 0);
});
