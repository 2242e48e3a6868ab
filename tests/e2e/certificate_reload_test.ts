/** Certificates that are replaced while mail comes in. */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { makeSelfSigned, type SelfSigned } from "../../src/net/self_signed.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { startServer } from "../../src/server/start.ts";
import { clock } from "../../src/system/clock.ts";
import { fakeLog } from "../queue/fakes.ts";
import { eventually } from "./patience.ts";
import { HOST, mailFolder, SERVER, settingsOf } from "./program.ts";
import { connectSecurely, queuedId, sendMail } from "./smtp_client.ts";

Deno.test("startServer() changes its certificate while mail comes in", async () => {
  const make = () => makeSelfSigned(["mx.test.ru"], Date.now());
  const [first, second, third] = [make(), make(), make()] as const;
  await using folder = await mailFolder();
  const files = filesIn(folder.parent);
  replace(files.cert, first.cert);
  replace(files.key, first.key);
  const log = fakeLog();
  const server = await startServer(
    settingsOf([
      ...["--host", HOST, "--port", "0", "--mail-dir", folder.mailDir],
      ...[...SERVER, "--tls-cert", files.cert, "--tls-key", files.key],
    ]),
    { log, clock: OFTEN },
  );
  await using _stopped = { [Symbol.asyncDispose]: () => server.stop() };
  const { port } = server.doors[0]!.addresses[0]!;
  const all = [first, second, third].map(({ cert }) => cert);
  await using load = startLoad(port, all);
  const shows = async (identity: SelfSigned) => {
    await load.passes();
    for (const cert of all) {
      const sent = sendMail(port, { trusted: [cert] });
      if (cert === identity.cert) queuedId(await sent);
      else await assertRejects(() => sent, Error, "invalid peer certificate");
    }
  };
  const reloaded = (times: number) =>
    eventually(
      () => log.of("certificate reloaded").length === times,
      "another certificate",
    );
  const refused = (times: number) =>
    eventually(
      () => log.of("certificate not reloaded").length === times,
      "a refusal",
    );

  await shows(first);
  using idle = await connectSecurely(port, first.cert);
  replace(files.cert, second.cert);
  await refused(1);
  await shows(first);
  replace(files.key, second.key);
  await reloaded(1);
  await shows(second);
  replace(files.cert, "garbage");
  await refused(2);
  await shows(second);
  replace(files.key, third.key);
  replace(files.cert, third.cert);
  await reloaded(2);
  await shows(third);

  // Whoever came under an old one stays.
  assertEquals(await idle.say("EHLO client.test", "NOOP"), "250 2.0.0 OK");
  await load.stop();
  assertEquals(log.lines.filter(({ level }) => level === "error").length, 2);
});

/** A clock for a server that looks at its certificates so often that nobody has to wait for it. */
const OFTEN: Clock = {
  now: clock.now,
  after: (delay, run) => clock.after(delay === 10_000 ? 20 : delay, run),
};

function filesIn(
  folder: string,
): { readonly cert: string; readonly key: string } {
  return { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
}

/** Puts a file in the place of another, as programs that renew certificates do. */
function replace(path: string, text: string): void {
  Deno.writeTextFileSync(`${path}.new`, text, { mode: 0o600 });
  Deno.renameSync(`${path}.new`, path);
}

/** Clients that send mail, one session under TLS after another, until they are told to stop. */
interface Load extends AsyncDisposable {
  /** Waits until each client has begun a session and sent its mail. */
  passes(): Promise<void>;
  /** Rejects if a session failed. */
  stop(): Promise<void>;
}

function startLoad(port: number, trusted: readonly string[]): Load {
  const sessions = Array.from({ length: 4 }, () => 0);
  let stopping = false;
  const clients = Promise.all(sessions.map(async (_, client) => {
    while (!stopping) {
      queuedId(await sendMail(port, { trusted }));
      sessions[client]!++;
    }
  }));
  // Told when they are stopped.
  clients.catch(() => stopping = true);
  const stop = async () => {
    stopping = true;
    await clients;
  };
  return {
    async passes() {
      // One that is under way may have begun earlier.
      const ends = sessions.map((count) => count + 2);
      await eventually(
        () => stopping || sessions.every((count, at) => count >= ends[at]!),
        "sessions",
      );
    },
    stop,
    [Symbol.asyncDispose]: () => stop().catch(() => {}),
  };
}
