/**
 * The framer, and how much it works and holds: what it makes room for is never more than a line may
 * have, and in all a small multiple of what came, however that is cut.
 */
import { assert } from "@std/assert";
import { Framer, type Framing, LINE_LIMIT } from "../../src/smtp/framer.ts";
import { cut, narrow } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const UNITS = [
  ...[
    "a",
    "\r\n",
    "\n",
    "\r",
    ".",
    "\0",
    "\xd0\xb6",
    "\xff",
    "NOOP\r\n",
    "\r\n.",
  ],
  ...["x".repeat(100), "x".repeat(LINE_LIMIT - 2), "x".repeat(LINE_LIMIT)],
];

/** One try. */
export function framer(seed: number): void {
  const chance = random(seed);
  const unit = chance.pick(UNITS);
  const length = chance.pick([100, 1_000, 1_000, 5_000]);
  const text = unit.repeat(Math.ceil(length / unit.length)) +
    chance.pick(UNITS);
  const framing = anyFraming(chance, text.length);
  const pieces = cut(chance, narrow(text));
  showing({ unit, length, framing, pieces: pieces.length }, () => {
    const lines = text.split("\n").length;
    const { rooms, octets, frames } = counting(() => run(pieces, framing));
    assert(rooms.every((room) => room <= LINE_LIMIT), "too much room");
    const most = 4 * text.length + 100 * (lines + pieces.length);
    assert(rooms.reduce((sum, room) => sum + room, 0) <= most, "too much work");
    assert(frames <= text.length + lines + pieces.length, "too many frames");
    assert(octets <= text.length, "more than came");
  });
}

function anyFraming(chance: Random, length: number): Framing {
  return chance.pick<Framing>([
    { unit: "line" },
    { unit: "line" },
    { unit: "dotted" },
    { unit: "octets", left: length, text: chance.chance(0.5) },
  ]);
}

/** What comes out of a framer. */
interface Run {
  readonly frames: number;
  /** Of message text. */
  readonly octets: number;
}

function run(
  pieces: readonly Uint8Array<ArrayBuffer>[],
  framing: Framing,
): Run {
  const framer = new Framer();
  let frames = 0;
  let octets = 0;
  for (const piece of pieces) {
    framer.push(piece);
    for (;;) {
      const rest = framing.unit === "octets"
        ? { ...framing, left: framing.left - octets }
        : framing;
      const frame = framer.pull(rest);
      if (frame === undefined) break;
      frames++;
      if (frame.kind === "body") octets += frame.bytes.length;
      // Nothing but what was counted is an octet of message.
      if (frame.kind === "end" && rest.unit === "octets") break;
    }
    if (!framer.idle) framer.clear();
  }
  return { frames, octets };
}

/** Runs something; gives also the size of each array of octets that it made. */
function counting(
  work: () => Run,
): Run & { readonly rooms: readonly number[] } {
  const rooms: number[] = [];
  const usual = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(usual, {
    construct(target, args, self) {
      const made = Reflect.construct(target, args, self);
      rooms.push(made.byteLength);
      return made;
    },
  });
  try {
    return { ...work(), rooms };
  } finally {
    globalThis.Uint8Array = usual;
  }
}
