/** Postfix as the server that mail goes to, and as the one it comes from. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TEXTS, UTF8 } from "./letters.ts";
import { arrival, LATIN1 } from "./octets.ts";
import { canRunPostfix, startPostfix } from "./postfix.ts";
import { mailFolder, start } from "./program.ts";
import { freePort } from "./remote_server.ts";
import { type Submission, submit } from "./submit.ts";

/** What Postfix puts on top of what we gave it, which starts with our trace. */
const POSTFIX_TOP =
  /^Return-Path: <petya@test\.ru>\nX-Original-To: .*\nDelivered-To: .*\n(?:Received: .*\n(?:\t.*\n)*){2}/;

/** What we put on top of what Postfix gave us, which starts with its trace. */
const OUR_TOP =
  /^Return-Path: <vasya@postfix\.test>\r\n(?:Received: .*\r\n(?:\t.*\r\n)*){2}/;

/** A server under test and a Postfix that send each other their mail. */
async function neighbours() {
  await using opening = new AsyncDisposableStack();
  const port = freePort();
  const { mailDir } = opening.use(await mailFolder());
  const smtpd = await start(
    mailDir,
    ...["--domain", "test.ru", "--accept", "domain", "--retry", "1s"],
    ...["--route", `postfix.test=127.0.0.1:${port}`],
  );
  opening.use(smtpd);
  const postfix = await startPostfix({ port, relayPort: smtpd.port });
  opening.use(postfix);
  const open = opening.move();
  return {
    ...{ smtpd, postfix, mailDir, port },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

const PETYA = { from: "petya@test.ru" };
const VASYA = { from: "vasya@postfix.test" };

async function send(port: number, submission: Submission): Promise<void> {
  assertMatch(await submit(port, submission), /^250 /);
}

/** What a report says that we asked for. */
function fields(report: string): readonly string[] {
  const wanted =
    /^(?:Reporting-MTA|Original-Envelope-Id|Original-Recipient|Action): /;
  return report.split("\r\n").filter((line) => wanted.test(line));
}

Deno.test({
  name: "smtpd and Postfix pass mail on to each other",
  ignore: !canRunPostfix(),
  async fn(t) {
    await using both = await neighbours();
    const { smtpd, postfix, mailDir, port } = both;

    for (const letter of [...TEXTS, UTF8]) {
      const { name, content, arrives = content, ...parameters } = letter;
      const expected = LATIN1.decode(arrives);

      await t.step(`${name}, to Postfix`, async () => {
        const found = await arrival(postfix.mailDir, async () => {
          const to = ["vasya@postfix.test"];
          await send(smtpd.port, { ...PETYA, to, content, ...parameters });
        });
        assertMatch(found, POSTFIX_TOP);
        const rest = found.replace(POSTFIX_TOP, "").replaceAll("\n", "\r\n");
        assertEquals(rest, expected);
      });

      await t.step(`${name}, from Postfix`, async () => {
        const found = await arrival(mailDir, async () => {
          const to = ["petya@test.ru"];
          await send(port, { ...VASYA, to, content, ...parameters });
        });
        assertMatch(found, OUR_TOP);
        assertEquals(found.replace(OUR_TOP, ""), expected);
      });
    }

    await t.step("what the sender wants to be told of", async () => {
      const report = await arrival(mailDir, () =>
        send(smtpd.port, {
          ...PETYA,
          to: ["vasya@postfix.test"],
          content: new TextEncoder().encode("hello\r\n"),
          mail: "ENVID=e2e+2B1",
          rcpt: "NOTIFY=SUCCESS ORCPT=rfc822;Vasya@elsewhere.test",
        }));
      assert(report.startsWith("Return-Path: <>\r\n"), report);
      assertEquals(fields(report), [
        "Reporting-MTA: dns; postfix.test",
        "Original-Envelope-Id: e2e+1",
        "Original-Recipient: rfc822;Vasya@elsewhere.test",
        "Action: delivered",
      ]);
    });
    assertEquals((await smtpd.stop()).code, 0);
  },
});
