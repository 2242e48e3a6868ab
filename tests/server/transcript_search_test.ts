import { assertEquals } from "@std/assert";
import { formatId } from "../../src/queue/id.ts";
import {
  findSession,
  lastSessions,
  sessionLines,
} from "../../src/server/transcript_search.ts";
import { queued } from "../../src/smtp/replies.ts";
import { replyLines } from "../../src/smtp/reply.ts";
import { fakeDisk } from "./transcript_fakes.ts";

const FOLDER = "transcripts";

/** The ID made at a time, one of several. */
function idAt(time: string, sequence = 0): string {
  const sinceEpoch = Date.parse(time) - Date.UTC(2024, 0, 1);
  return formatId(sinceEpoch * 4096 + sequence);
}

const [queuedReply] = replyLines(queued(idAt("2026-11-23T10:00:05Z")));

/** Two sessions at once; the first goes on past midnight and into a second file. */
const FIRST = idAt("2026-11-23T10:00:00Z");
const SECOND = idAt("2026-11-23T10:00:00Z", 1);
const MESSAGE = idAt("2026-11-23T10:00:05Z");
const FILES = {
  "2026-11-22.log": `2026-11-22T01:00:00.000Z ${FIRST} -- from another time\n`,
  "2026-11-23.log": [
    `2026-11-23T10:00:00.000Z ${FIRST} -- connected from 127.0.0.1:1`,
    `2026-11-23T10:00:00.001Z ${SECOND} -- connected from [::1]:2`,
    `2026-11-23T10:00:01.000Z ${SECOND} <- EHLO Грюße ${FIRST}`,
    `2026-11-23T10:00:01.000Z ${SECOND} <- NOOP queued as ${MESSAGE}`,
    `2026-11-23T10:00:01.000Z - -- 3 lines are missing here`,
    `2026-11-23T10:00:02.000Z ${FIRST} <- HELO denis`,
    `half a line${"x".repeat(40_000)}`,
    `2026-11-23T10:00:05.000Z ${FIRST} ${`-> ${queuedReply}`}`,
    "",
  ].join("\n"),
  "2026-11-23.2.log": `2026-11-23T10:00:06.000Z ${SECOND} -- closed\n`,
  "2026-11-24.log":
    `2026-11-24T00:00:00.000Z ${FIRST} -- closed\n2026-11-24T00:00:01.000Z ${FIRST} -- half wri`,
};

function searching(files: Readonly<Record<string, string>> = FILES) {
  const disk = fakeDisk(files);
  const read: string[] = [];
  const stream = (path: string) => {
    read.push(path.split(/[\\/]/).at(-1)!);
    return disk.stream(path);
  };
  return { folder: FOLDER, disk: { list: disk.list, stream }, read };
}

Deno.test("findSession() finds a session by its own ID", async () => {
  assertEquals(await findSession(SECOND, searching()), SECOND);
});

Deno.test("findSession() finds the session by which a message came, whatever clients say", async () => {
  assertEquals(await findSession(MESSAGE, searching()), FIRST);
});

Deno.test("findSession() reads no file older than the ID", async () => {
  const options = searching();
  await findSession(MESSAGE, options);
  assertEquals(options.read, ["2026-11-23.log"]);
});

for (
  const [what, id] of [
    ["an ID of no session", idAt("2026-11-23T10:00:00Z", 2)],
    ["an ID past the last file", idAt("2027-01-01T00:00:00Z")],
    ["no ID", "queued"],
    ["nothing", ""],
    ["the mark of the file's own lines", "-"],
  ] as const
) {
  Deno.test(`findSession() finds nothing for ${what}`, async () => {
    assertEquals(await findSession(id, searching()), undefined);
  });
}

Deno.test("findSession() finds nothing where nothing was kept", async () => {
  const disk = { ...fakeDisk(), list: () => Promise.resolve(undefined) };
  const options = { folder: FOLDER, disk };
  assertEquals(await findSession(FIRST, options), undefined);
});

Deno.test("sessionLines() gives a session's lines across files, and stops at its end", async () => {
  const options = searching();
  const lines = await Array.fromAsync(sessionLines(FIRST, options));
  assertEquals(lines.map(({ time, text }) => `${time.slice(0, 10)} ${text}`), [
    "2026-11-23 -- connected from 127.0.0.1:1",
    "2026-11-23 <- HELO denis",
    `2026-11-23 -> 250 2.0.0 OK: queued as ${MESSAGE}`,
    "2026-11-24 -- closed",
  ]);

  const second = searching();
  await Array.fromAsync(sessionLines(SECOND, second));
  assertEquals(second.read, ["2026-11-23.log", "2026-11-23.2.log"]);
});

Deno.test("lastSessions() tells who came, what they said first and how many messages they left", async () => {
  assertEquals(await lastSessions(20, searching()), [
    {
      session: FIRST,
      time: "2026-11-23T10:00:00.000Z",
      peer: "127.0.0.1:1",
      messages: 1,
      firstWords: "HELO denis",
    },
    {
      session: SECOND,
      time: "2026-11-23T10:00:00.001Z",
      peer: "[::1]:2",
      messages: 0,
      firstWords: `EHLO Грюße ${FIRST}`,
    },
  ]);
});

Deno.test("lastSessions() counts the messages that a session of ours took out", async () => {
  const line = (text: string) => `2026-11-23T00:00:00.001Z OUT ${text}\n`;
  const lines = [
    "-- connected from mx.another.ru [192.0.2.1]:25",
    "-> DATA",
    "-> (70 octets of message, broken off)",
    "-> (70 octets of message)",
    "<- 250 OK",
  ];
  const options = searching({ "2026-11-23.log": lines.map(line).join("") });
  const [session] = await lastSessions(1, options);
  assertEquals(session?.messages, 1);
});

Deno.test("lastSessions() reads no more files than it needs", async () => {
  const day = (date: string) =>
    [1, 2, 3].map((n) =>
      `${date}T00:00:00.00${n}Z ${date}-${n} -- connected from [::1]:${n}\n`
    ).join("");
  const options = searching({
    "2026-11-21.log": day("2026-11-21"),
    "2026-11-22.log": day("2026-11-22"),
    "2026-11-23.log": day("2026-11-23"),
  });
  const sessions = await lastSessions(4, options);
  assertEquals(sessions.map(({ session }) => session), [
    "2026-11-22-3",
    "2026-11-23-1",
    "2026-11-23-2",
    "2026-11-23-3",
  ]);
  assertEquals(options.read.includes("2026-11-21.log"), false);
});
