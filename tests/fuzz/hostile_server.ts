/** What a server may say, as it should and as it shouldn't. */
import { offering } from "../smtp/client_play.ts";
import { repeat } from "./making.ts";
import type { Random } from "./random.ts";

const KEYWORDS = [
  "PIPELINING",
  "SIZE 10",
  "SIZE 1000",
  "8BITMIME",
  "SMTPUTF8",
  "CHUNKING",
  "BINARYMIME",
  "DSN",
  "STARTTLS",
  "AUTH PLAIN LOGIN",
  "LIMITS RCPTMAX=1 MAILMAX=2",
  "LIMITS RCPTMAX=2",
];

/** Replies that would do at each step, so that the fuzz gets somewhere. */
export const PROPER: Readonly<Record<string, readonly string[]>> = {
  greeting: ["220 Hi\r\n"],
  starttls: ["220 Go\r\n", "454 No\r\n"],
  auth: ["235 Welcome\r\n", "334 YWJj\r\n"],
  reset: ["250 OK\r\n"],
  mail: ["250 OK\r\n"],
  rcpt: ["250 OK\r\n", "550 5.1.1 No\r\n", "452 4.5.3 Full\r\n"],
  data: ["354 Go\r\n"],
  text: ["250 OK\r\n"],
  dot: ["250 OK\r\n", "451 Hm\r\n"],
  quit: ["221 Bye\r\n"],
};

/** What no server should say there. */
export const HOSTILE: readonly string[] = [
  "",
  "250",
  "250-",
  "250-go on\r\n",
  "250 OK\r\n250 OK\r\n250 OK\r\n",
  "354 Go\r\n354 Go\r\n",
  "354 Go\r\n250 Queued\r\n250 Queued\r\n",
  "220 Go\r\n250 Injected\r\n",
  "220 Go\r\n250",
  "421 Bye\r\n",
  "451 Later\r\n",
  "550 No\r\n",
  "552 Too much\r\n",
  "334 YWJj\r\n",
  "220 Hi\r\n",
  "\r\n",
  "\n\n",
  "hello\r\n",
  "\x16\x03\x01\x00",
  "250 \x00\x1b[2J\u009b\r\n",
  "999 Hm\r\n",
  "999999999999999999999999 Hm\r\n",
  "250\u{1f600}\r\n",
  `250 ${"x".repeat(5_000)}\r\n`,
  `250-${"x".repeat(80_000)}`,
  "250-x\r\n".repeat(12_000),
];

/** What a server says at a step, with so much malice (0 to 1). */
export function answerTo(wait: string, chance: Random, malice: number): string {
  if (chance.chance(malice)) {
    return chance.chance(0.8)
      ? chance.pick(HOSTILE)
      : repeat(chance, 4, () => chance.pick(HOSTILE.slice(0, -3)));
  }
  if (wait === "hello") {
    const keywords = KEYWORDS.filter(() => chance.chance(0.4));
    return `${offering(...keywords)}\r\n`;
  }
  return chance.pick(PROPER[wait] ?? HOSTILE);
}
