/**
 * Settings, on the command line and in a config file: whatever they are, they are read, or each fault
 * is told in a line that a terminal can show and that holds no password.
 */
import { assert, assertEquals } from "@std/assert";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { loadSettings } from "../../src/config/load.ts";
import { permissionFlags } from "../../src/config/permissions.ts";
import { SETTINGS } from "../../src/config/table.ts";
import { anyText, changed, repeat, several } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const PASSWORD = "sEcReTpAsSwOrD";
const FLAGS = Object.values(SETTINGS).map(({ flag }) => flag);
const WORDS = [
  ...[
    "test.ru",
    "mx.test.ru",
    "*",
    "on",
    "off",
    "5m",
    "25M",
    "0",
    "-1",
    "65536",
  ],
  ...[
    "127.0.0.1",
    "::",
    "[::1]:25",
    "10.0.0.0/8,::1",
    "none",
    "all",
    "maildir",
  ],
  ...["a=b:25", "*=[::1]:2525", "1e9", "99999999999999999999d", "", " ", "\0"],
  ...[
    "..",
    "./mail",
    "ж.рф",
    "x".repeat(70),
    "\x1b[2J",
    "\n",
    "5m,10m",
    "json",
  ],
];
const TOKENS = [
  ...["{", "}", "[", "]", ",", ":", '"', "\\", "//x\n", "/*", "*/", "null"],
  ...["true", "-0", "1e999", "\u2028", "\ud800", "\\ud800", '"port"', '""'],
  ...['"__proto__"', '"constructor"', '{"a":', "[".repeat(40), "\0", "\ufeff"],
  ...['"route"', '"password"', '"pass'],
];

/** One try. */
export function config(seed: number): void {
  const chance = random(seed);
  const args = several(chance, 6, () => anyArgument(chance));
  const text = anyFile(chance);
  showing({ args, text }, () => {
    const flags = readFlags(args, SERVER_FLAGS);
    const file = { path: "smtpd.json", text };
    const loaded = loadSettings(flags, chance.chance(0.8) ? file : undefined);
    if (loaded.ok) {
      assertEquals(JSON.stringify(loaded).includes(PASSWORD), false);
      permissionFlags(loaded.settings);
      return;
    }
    assert(loaded.problems.length > 0, "nothing is wrong");
    for (const problem of loaded.problems) {
      // Damage can make a key of a password, and the keys that are unknown are told.
      const isKey = /: unknown setting|\.s?\w*: unknown/.test(problem);
      assert(isKey || !problem.includes(PASSWORD), problem);
    }
  });
}

function anyArgument(chance: Random): string {
  const flag = chance.pick([...FLAGS, "help", "no-such", "", "-"]);
  const word = anyWord(chance);
  return chance.pick([
    `--${flag}=${word}`,
    `--${flag}`,
    word,
    `-${flag}`,
    `--no-${flag}`,
  ]);
}

function anyWord(chance: Random): string {
  return chance.chance(0.2) ? anyText(chance, 10) : chance.pick(WORDS);
}

function anyFile(chance: Random): string {
  if (chance.chance(0.1)) {
    return repeat(chance, 20, () => chance.pick(TOKENS));
  }
  const value = (depth: number): unknown => {
    const kind = chance.below(depth > 2 ? 4 : 7);
    switch (kind) {
      case 0:
        return chance.pick([0, 1, -1, 25, 1.5, 1e300, 587]);
      case 1:
        return chance.pick([true, false, null]);
      case 4:
        return several(chance, 3, () => value(depth + 1));
      case 5:
        return Object.fromEntries(
          several(chance, 3, () => [anyWord(chance), value(depth + 1)]),
        );
      case 6:
        return anyRoute(chance);
      default:
        return anyWord(chance);
    }
  };
  const settings = Object.fromEntries(
    several(chance, 6, () => [
      chance.pick([...FLAGS, "prot", "__proto__", anyWord(chance)]),
      value(0),
    ]),
  );
  const routes = chance.chance(0.5) ? { route: [anyRoute(chance)] } : {};
  const text = JSON.stringify(
    { domain: "test.ru", ...settings, ...routes },
    null,
    chance.below(3),
  );
  return chance.chance(0.3) ? changed(chance, text, TOKENS) : text;
}

function anyRoute(chance: Random): unknown {
  const fields: readonly (readonly [string, unknown])[] = [
    ["domain", "another.test"],
    ["host", chance.pick(["mx.another.test", anyWord(chance)])],
    ["port", chance.pick([25, "25", 0, null])],
    ["user", "petya"],
    ["password", chance.pick([PASSWORD, [PASSWORD], { a: PASSWORD }, 1])],
    ["tls", chance.pick(["require", "never", PASSWORD.toLowerCase()])],
    [PASSWORD.slice(0, 3), 1],
  ];
  return Object.fromEntries(fields.filter(() => chance.chance(0.8)));
}
