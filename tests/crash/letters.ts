/** Messages of every kind, each with a mark by which it is known again. */
import type { Random } from "../fuzz/random.ts";

/** A message, and what became of it as far as its client knows. */
export interface Letter {
  readonly mark: string;
  readonly to: readonly string[];
  /** Lines that end in CRLF, each octet a character. */
  readonly content: string;
  /** How many kills came before it was sent. */
  readonly kills: number;
  /** Whether the server said 250. */
  acknowledged: boolean;
}

/** Every message comes from here, and so do the reports on it. */
export const SENDER = "petya@test.ru";

/** Those who have a mailbox here. */
export const USERS: readonly string[] = ["petya", "masha", "vasya"];

/** At another server: one who gets mail, one whose server is often too busy, and nobody. */
export const ELSEWHERE = {
  ivan: "ivan@other.test",
  busy: "busy@other.test",
  nobody: "nobody@other.test",
} as const;

/** Whether an address is at another server, and not nobody's. */
export function isElsewhere(address: string): boolean {
  return address === ELSEWHERE.ivan || address === ELSEWHERE.busy;
}

/** Makes a message. */
export function writeLetter(
  mark: string,
  kills: number,
  chance: Random,
): Letter {
  const to = recipients(chance);
  const size = chance.chance(0.15)
    ? 66_000 + chance.below(150_000)
    : chance.below(8000);
  return {
    ...{ mark, to, kills },
    content: `X-Mark: ${mark}\r\nSubject: ${mark}\r\n\r\n${text(size, chance)}`,
    acknowledged: false,
  };
}

function recipients(chance: Random): readonly string[] {
  const users = USERS.map((name) => `${name}@test.ru`);
  const local = users.filter(() => chance.chance(0.5));
  const remote = Object.values(ELSEWHERE).filter(() => chance.chance(0.4));
  const to = chance.pick([local, remote, [...local, ...remote]]);
  return to.length > 0 ? to : [chance.pick(users)];
}

/** Lines of ASCII and octets beyond it, dots and `From ` at the start of some. */
function text(size: number, chance: Random): string {
  const lines: string[] = [];
  for (let left = size; left > 0;) {
    const start = chance.pick(["", "", "", ".", "..", "From ", ">From "]);
    const length = chance.below(Math.min(left, 200) + 1);
    let line = start;
    for (let at = 0; at < length; at++) {
      line += String.fromCharCode(
        chance.chance(0.05) ? 160 + chance.below(96) : 32 + chance.below(95),
      );
    }
    lines.push(`${line}\r\n`);
    left -= line.length + 2;
  }
  return lines.join("");
}
