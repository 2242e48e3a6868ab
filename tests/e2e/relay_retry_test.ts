/** What hosts turn down for now is sent again, and what they took isn't. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import type { Script } from "../delivery/scripted_server.ts";
import { countRows } from "../queue/queue_folder.ts";
import { markOf } from "./load_source.ts";
import { eventually } from "./patience.ts";
import { HOST, mailFolder, type Program, start } from "./program.ts";
import { type RemoteServer, startRemote, YES } from "./remote_server.ts";
import { litter, mailsOf } from "./stored_mail.ts";
import { submitMany } from "./submit.ts";

/** A server under test whose mail for others goes to another server. */
async function relayTo(script: Script) {
  await using opening = new AsyncDisposableStack();
  const { mailDir } = opening.use(await mailFolder());
  const remote = opening.use(startRemote(script));
  const startAgain = () =>
    start(
      mailDir,
      ...["--domain", "test.ru", "--accept", "domain", "--retry", "1s"],
      ...["--relay-from", HOST, "--route", `*=${HOST}:${remote.port}`],
    );
  const server = await startAgain();
  opening.use(server);
  const open = opening.move();
  return {
    ...{ mailDir, remote, server, startAgain },
    /** Waits until the queue is empty, and sees that a server leaves nothing behind it. */
    async finish(running: Program = server) {
      await eventually(
        () => countRows(join(mailDir, ".smtpd", "queue.db")).message === 0,
        "the queue to be empty",
      );
      assertEquals((await running.stop()).code, 0);
      assertEquals(litter(mailDir), []);
      assertEquals(mailsOf(mailDir, "petya"), []);
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function send(
  { port }: Program,
  count: number,
  to: readonly string[] = ["vasya@other.test"],
): Promise<readonly string[]> {
  return submitMany(port, { from: "petya@test.ru", to, name: "letter", count });
}

/** The marks of the letters that a server took on. */
function marksIn({ letters }: RemoteServer): readonly (string | undefined)[] {
  return letters.map(({ text }) => markOf(text)).sort();
}

Deno.test("smtpd comes back to a host that has it wait, with who had to", async () => {
  const known = new Set<string>();
  await using relay = await relayTo({
    RCPT({ line }) {
      if (!line.includes("vasya") || known.has(line)) return YES.RCPT;
      known.add(line);
      return "451 4.7.1 Come back later";
    },
  });
  const to = ["vasya@other.test", "masha@other.test"];
  await send(relay.server, 1, to);
  await relay.finish();
  assertEquals(relay.remote.letters.map(({ to }) => to), [
    ["masha@other.test"],
    ["vasya@other.test"],
  ]);
});

Deno.test("smtpd goes on elsewhere when a host has had enough of a connection", async () => {
  await using relay = await relayTo({
    MAIL: ({ count }) => count < 2 ? YES.MAIL : { close: "421 4.3.2 Enough" },
  });
  const marks = await send(relay.server, 40);
  await relay.finish();
  assertEquals(marksIn(relay.remote), marks.toSorted());
});

Deno.test("smtpd sends again what a host says 421 to", async () => {
  await using relay = await relayTo({
    text: ({ connection }) =>
      connection < 3 ? { close: "421 4.3.2 Going down" } : YES.text,
  });
  const marks = await send(relay.server, 20);
  await relay.finish();
  assertEquals(marksIn(relay.remote), marks.toSorted());
});

Deno.test("smtpd sends again what a host may or may not have taken", async () => {
  await using relay = await relayTo({
    text: ({ connection }) => connection === 0 ? { close: "" } : YES.text,
  });
  const marks = await send(relay.server, 20);
  await relay.finish();
  assertEquals(marksIn(relay.remote), marks.toSorted());
  const texts = relay.remote.connections.flatMap(({ messages }) => messages);
  assertEquals(texts.length, marks.length + 1);
});

Deno.test({
  name: "smtpd stops while a host keeps it waiting, and goes on from there",
  // There, a signal to another process ends it at once.
  ignore: Deno.build.os === "windows",
  async fn() {
    let well = false;
    let taken = 0;
    await using relay = await relayTo({
      text: () => well || ++taken <= 10 ? YES.text : "silence",
    });
    const marks = await send(relay.server, 60);
    await eventually(() => taken > 10, "the host to fall silent");
    const { code, error } = await relay.server.stop();
    assertEquals([code, /ERROR|^\s+at /m.test(error)], [0, false], error);
    assertEquals(relay.remote.letters.length, 10);

    well = true;
    await using again = await relay.startAgain();
    await relay.finish(again);
    assertEquals(marksIn(relay.remote), marks.toSorted());
  },
});
