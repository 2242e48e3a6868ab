import { assertEquals, assertThrows } from "@std/assert";
import { dirname, join } from "node:path";
import { temporaryFolder } from "../queue/fakes.ts";
import { audit, type Evidence } from "./audit.ts";
import { ELSEWHERE, type Letter } from "./letters.ts";

const TRACE = "Received: from client.test\r\n\tby test.ru id 1\r\n";
const NEW = "test.ru/petya/new";

/** A mail folder after one letter of each kind, each as it should be, until `change` comes. */
async function evidence(
  change: (evidence: {
    letters: Letter[];
    remote: { to: string[]; text: string }[];
    kills: number;
    readonly files: Map<string, string>;
  }) => void = () => {},
): Promise<Evidence & AsyncDisposable> {
  const temporary = await temporaryFolder();
  const letter = (mark: string, ...to: readonly string[]): Letter => ({
    ...{ mark, to, kills: 0, acknowledged: true },
    content: `X-Mark: ${mark}\r\n\r\n${mark}\r\n`,
  });
  const letters = [
    letter("here", "petya@test.ru"),
    letter("there", ELSEWHERE.ivan),
    letter("nowhere", ELSEWHERE.nobody),
  ];
  const report = "Content-Type: multipart/report\r\n\r\nX-Mark: nowhere\r\n";
  const files = new Map([
    [`${NEW}/1`, `Return-Path: <>\r\n${TRACE}${letters[0]!.content}`],
    [`${NEW}/2`, `Return-Path: <>\r\n${TRACE}${report}`],
    [".smtpd/queue.db", ""],
    [".smtpd/lock", ""],
  ]);
  const given = {
    letters,
    remote: [{
      to: [ELSEWHERE.ivan as string],
      text: TRACE + letters[1]!.content,
    }],
    kills: 1,
    files,
  };
  change(given);
  for (const [path, text] of files) {
    const file = join(temporary.path, path);
    await Deno.mkdir(dirname(file), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
  return {
    ...{ mailDir: temporary.path, store: "maildir" },
    letters: given.letters,
    remote: given.remote,
    kills: given.kills,
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}

Deno.test("audit() counts what is as it should be", async () => {
  await using given = await evidence();
  assertEquals(audit(given), {
    ...{ acknowledged: 3, local: 1, remote: 1, reports: 1, repeated: 0 },
  });
});

const FAULTS: Readonly<
  Record<string, Parameters<typeof evidence>[0] & object>
> = {
  "petya got 0 of message here": ({ files }) => files.delete(`${NEW}/1`),
  "petya got 2 of message here": ({ files }) =>
    files.set(`${NEW}/3`, files.get(`${NEW}/1`)!),
  "petya got here with another content": ({ files }) =>
    files.set(`${NEW}/1`, `${files.get(`${NEW}/1`)}.`),
  "petya got 0 of report nowhere": ({ files }) => files.delete(`${NEW}/2`),
  "petya got 2 of report nowhere": ({ files }) =>
    files.set(`${NEW}/3`, files.get(`${NEW}/2`)!),
  "masha got here, not theirs": ({ files }) =>
    files.set("test.ru/masha/new/1", files.get(`${NEW}/1`)!),
  "petya got unmarked, not theirs": ({ files }) =>
    files.set(`${NEW}/3`, "Subject: hello\r\n\r\n"),
  "ivan@other.test never got there": ({ remote }) => remote.pop(),
  "ivan@other.test got there 3 times": ({ remote }) =>
    remote.push(...remote, ...remote),
  "ivan@other.test got there with another content": ({ remote }) =>
    remote.push({ ...remote[0]!, text: `${remote[0]!.text}.` }),
  "sent to nobody's wish: busy@other.test there": ({ remote }) =>
    remote.push({ ...remote[0]!, to: [ELSEWHERE.busy] }),
  "left behind: test.ru/petya/tmp/1": ({ files }) =>
    files.set("test.ru/petya/tmp/1", "X-Mark: here\r\n\r\n"),
  "left behind: .smtpd/spool/1": ({ files }) => files.set(".smtpd/spool/1", ""),
  "left behind: .smtpd/queue.db-wal": ({ files }) =>
    files.set(".smtpd/queue.db-wal", ""),
  "left behind: test.ru/petya.lock": ({ files }) =>
    files.set("test.ru/petya.lock", ""),
};

for (const [fault, change] of Object.entries(FAULTS)) {
  Deno.test(`audit() finds: ${fault}`, async () => {
    await using given = await evidence(change);
    assertThrows(() => audit(given), Error, fault);
  });
}

Deno.test("audit() wants nothing for what wasn't acknowledged, and twice is once too often", async () => {
  await using given = await evidence(({ letters, files, remote }) => {
    for (const letter of letters) letter.acknowledged = false;
    files.delete(`${NEW}/1`);
    files.delete(`${NEW}/2`);
    remote.pop();
  });
  assertEquals(audit(given).acknowledged, 0);
  await using twice = await evidence(({ letters, files }) => {
    for (const letter of letters) letter.acknowledged = false;
    files.set(`${NEW}/3`, files.get(`${NEW}/1`)!);
  });
  assertThrows(() => audit(twice), Error, "petya got 2 of message here");
});
