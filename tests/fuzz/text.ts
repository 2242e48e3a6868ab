/**
 * Message text on its way out, in whatever pieces: as it goes over the wire it ends once, for careful
 * servers and careless ones; in an mbox file no line of it passes for the start of another message.
 */
import { assert, assertEquals } from "@std/assert";
import { Stuffer } from "../../src/smtp/stuffing.ts";
import { mboxText } from "../../src/store/mbox_text.ts";
import { Player } from "../transcripts/play.ts";
import { CONFIG, widen } from "../transcripts/transcript.ts";
import { cut, joined, narrow, repeat } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const PIECES = [
  ...["\r\n", "\r", "\n", ".", "..", "\r\n.\r\n", "\n.\n", "\r.\r", "\0", "a"],
  ...["From ", "From", "F", ">", ">>From ", "\r\nFrom ", "\nFrom x\n", "\xe9"],
];

/** One try. */
export function text(seed: number): void {
  const chance = random(seed);
  const input = repeat(chance, 40, () => chance.pick(PIECES));
  showing(input, () => {
    checkWire(input, chance);
    assertEquals(written(cut(chance, narrow(input))), mboxOf(input));
  });
}

function checkWire(input: string, chance: Random): void {
  const stuffer = new Stuffer();
  const pieces = cut(chance, narrow(input)).map((piece) =>
    stuffer.stuff(piece).slice()
  );
  const wire = widen(joined(pieces)) + stuffer.end();

  const lines = input.replace(/\r\n|\r|\n/g, "\r\n");
  const whole = lines === "" || lines.endsWith("\r\n") ? lines : `${lines}\r\n`;
  const stuffed = `\r\n${whole}`.replaceAll("\r\n.", "\r\n..").slice(2);
  assertEquals(wire, `${stuffed}.\r\n`);

  // Whatever else some server takes for the end of a line or of a text isn't in it.
  assert(!/\r(?!\n)|(?<!\r)\n/.test(wire), "a CR or LF alone");
  assertEquals(`\r\n${wire}`.indexOf("\r\n.\r\n"), wire.length - 3);

  const player = new Player({ config: CONFIG });
  player.send(
    narrow("EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"),
  );
  for (const piece of cut(chance, narrow(wire))) player.send(piece);
  const discarded = whole.includes("\0");
  assertEquals(player.trace.messages, [discarded ? "(discarded)" : whole]);
}

function written(pieces: readonly Uint8Array[]): string {
  const mbox = mboxText();
  const out = pieces.map((piece) => mbox.push(piece).slice());
  return widen(joined([...out, mbox.end()]));
}

/** The variant of mbox called mboxrd, of a message that is all there. */
function mboxOf(message: string): string {
  const text = message.replaceAll("\r\n", "\n");
  const whole = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const lines = whole.split("\n").slice(0, -1);
  const quoted = lines.map((line) => /^>*From /.test(line) ? `>${line}` : line);
  assert(!quoted.some((line) => line.startsWith("From ")));
  const back = quoted.map((line) =>
    /^>+From /.test(line) ? line.slice(1) : line
  );
  assertEquals(back, lines);
  return `${quoted.map((line) => `${line}\n`).join("")}\n`;
}
