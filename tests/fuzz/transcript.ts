/**
 * Transcripts, as they are written and as crashes, disks and people leave them: what is searched for
 * is found where a plain reader finds it, and damage is passed over.
 */
import { assert, assertEquals } from "@std/assert";
import {
  findSession,
  lastSessions,
  sessionLines,
} from "../../src/server/transcript_search.ts";
import {
  formatLine,
  LONGEST_TEXT,
  parseLine,
  type TranscriptLine,
} from "../../src/server/transcript_line.ts";
import { formatId } from "../../src/queue/id.ts";
import { anyText, cut, narrow, repeat } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showingLater } from "./target.ts";

const TIME = "2024-01-01T00:00:00.123Z";
const DAMAGE = [
  ...["\n", "\0", "\r", " ", "\xff", "x".repeat(20_000), TIME, `${TIME} `],
  ...["-- connected from ", "-- closed\n", "2024-01-01", "ID <- a\n"],
];
const TEXTS = [
  ...["-- connected from 127.0.0.1:1", "-- closed", "<- EHLO a", "-> 250 OK"],
  ...["-> 250 2.0.0 OK: queued as 00000000109", "-> (7 octets of message)"],
  ...["<- NOOP -- connected from x", "<- 250 2.0.0 OK: queued as 00000000101"],
];
const IDS = Array.from(
  { length: 12 },
  (_, number) => formatId(1024 * 8 + number),
);

/** One try. */
export async function transcript(seed: number): Promise<void> {
  const chance = random(seed);
  checkLine(chance);
  const files = Array.from({ length: 1 + chance.below(3) }, (_, number) => ({
    name: `2024-01-0${number + 1}.log`,
    octets: anyFile(chance),
  }));
  const disk = {
    list: () =>
      Promise.resolve([...files.map(({ name }) => name), "lost+found", ".log"]),
    async *stream(path: string) {
      await Promise.resolve();
      const { octets } = files.find(({ name }) => path.endsWith(name))!;
      // Of a long line all that came is looked at again with every piece.
      yield* octets.length < 5_000 ? cut(chance, octets) : [octets];
    },
  };
  const texts = files.map(({ octets }) => new TextDecoder().decode(octets));
  await showingLater(texts, async () => {
    const options = { folder: "f", disk };
    const lines = texts.flatMap(readLines);
    const id = chance.pick(IDS);
    const found = lines.find(({ session, text }) =>
      session === id || text === `-> 250 2.0.0 OK: queued as ${id}`
    )?.session;
    assertEquals(await findSession(id, options), found);

    const all = await Array.fromAsync(sessionLines(id, options));
    const ours = lines.filter(({ session }) => session === id);
    const end = ours.findIndex(({ text }) => text === "-- closed");
    assertEquals(all, end < 0 ? ours : ours.slice(0, end + 1));

    const count = 1 + chance.below(4);
    const last = await lastSessions(count, options);
    assert(last.length <= count, "too many");
    for (const { session, messages } of last) {
      assert(Number.isInteger(messages) && session !== "", session);
      assert(lines.some((line) => line.session === session), session);
    }
  });
}

function checkLine(chance: Random): void {
  const text = anyText(chance, 30).repeat(chance.pick([1, 1, 100]));
  const line = { time: TIME, session: chance.pick(IDS), text };
  const written = formatLine(line);
  assertEquals(written.indexOf("\n"), written.length - 1);
  assert(!/[\p{Cc}\p{Bidi_Control}]/u.test(written.slice(0, -1)), written);
  const read = parseLine(written.slice(0, -1))!;
  assertEquals([read.time, read.session], [line.time, line.session]);
  // Nothing a client says can pass for a line of ours, in a text that is cut or not.
  assert(read.text.length <= 8 * LONGEST_TEXT + 50, "too long");
}

function anyFile(chance: Random): Uint8Array<ArrayBuffer> {
  const line = () =>
    formatLine({
      time: TIME,
      session: chance.chance(0.1) ? "-" : chance.pick(IDS),
      text: chance.chance(0.1) ? anyText(chance, 10) : chance.pick(TEXTS),
    });
  const damage = chance.chance(0.5) ? 0.2 : 0;
  const text = repeat(
    chance,
    25,
    () => chance.chance(damage) ? chance.pick(DAMAGE) : octetsOf(line()),
  );
  const whole = narrow(text);
  return chance.chance(0.2) ? whole.slice(0, -3) : whole;
}

/** UTF-8, an octet a UTF-16 unit. */
function octetsOf(text: string): string {
  return Array.from(
    new TextEncoder().encode(text),
    (octet) => String.fromCharCode(octet),
  ).join("");
}

/** The lines of a file that are whole and undamaged. */
function readLines(text: string): readonly TranscriptLine[] {
  return text.split("\n").slice(0, -1).flatMap((line) => {
    const [time = "", session = "", ...words] = line.split(" ");
    const known = time.length === TIME.length && session !== "" &&
      words.length > 0 &&
      /^\d{4}(?:-\d\d){2}T(?:\d\d:){2}\d\d\.\d{3}Z$/.test(time) &&
      !/\s/.test(session) && !/[\n\r\u2028\u2029]/.test(words.join(" "));
    return known ? [{ time, session, text: words.join(" ") }] : [];
  });
}
