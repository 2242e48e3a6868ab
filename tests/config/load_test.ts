import { assertEquals, assertMatch } from "@std/assert";
import {
  readFlags,
  SERVER_FLAGS,
  settingFlags,
} from "../../src/config/flags.ts";
import { loadSettings, loadSome } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";

const PATH = "smtpd.json";
const BAD = new URL("bad/", import.meta.url);

function load(args: readonly string[], text?: string) {
  const file = text === undefined ? undefined : { path: PATH, text };
  return loadSettings(readFlags(args, SERVER_FLAGS), file);
}

function loaded(args: readonly string[], text?: string): Settings {
  const loaded = load(args, text);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings;
}

function settings(args: readonly string[], config: unknown = {}): Settings {
  return loaded(args, JSON.stringify(config));
}

function problems(args: readonly string[], text?: string): readonly string[] {
  const loaded = load(args, text);
  return loaded.ok ? [] : loaded.problems;
}

Deno.test("loadSettings() prefers flags to the file and the file to defaults", () => {
  const file = { domain: ["a.ru", "b.ru"], port: 26, timeout: "90s" };
  const { domains, port, timeout, store } = settings(["--port", "27"], file);
  assertEquals({ domains, port, timeout, store }, {
    domains: ["a.ru", "b.ru"],
    port: 27,
    timeout: 90_000,
    store: "maildir",
  });
});

Deno.test("loadSettings() replaces a list in the file, and doesn't add to it", () => {
  const { domains } = settings(["--domain", "c.ru"], { domain: ["a.ru"] });
  assertEquals(domains, ["c.ru"]);
});

Deno.test("loadSettings() takes natural JSON in the file", () => {
  const { domains, transcript, retry, maxSize } = settings([], {
    domain: "a.ru",
    transcript: false,
    retry: ["5m", "1h"],
    "max-size": 2048,
  });
  assertEquals({ domains, transcript, retry, maxSize }, {
    domains: ["a.ru"],
    transcript: false,
    retry: [300_000, 3_600_000],
    maxSize: 2_048,
  });
});

Deno.test("loadSettings() takes comments, trailing commas and a byte order mark", () => {
  const text = '\uFEFF{\n  // whose mail\n  "domain": ["a.ru",], /* and */\n}';
  const { domains } = loaded([], text);
  assertEquals(domains, ["a.ru"]);
});

Deno.test("loadSettings() names the host after the first domain, else localhost", () => {
  const several = ["--domain", "b.ru", "--domain", "a.ru"];
  assertEquals(settings(several).hostname, "b.ru");
  assertEquals(settings(["--accept", "all"]).hostname, "localhost");
  assertEquals(settings([...several, "--hostname", "mx.ru"]).hostname, "mx.ru");
});

const WRONG: readonly (readonly [string, ...string[]])[] = [
  ["", "--domain: needed unless --accept all (such as --domain test.ru)"],
  ["--port 99999", '--port: "99999" is not a port (0 to 65535)'],
  ["--port", "--port: no value given, needs a port (0 to 65535)"],
  ["--port=", "--port: no value given"],
  ["--port 1 --port 2", "--port: given 2 times, allowed once"],
  ["--accept some", '--accept: "some" is not one of known, domain, all'],
  ["--transcript yes", '--transcript: "yes" is not on or off'],
  [
    "--timeout 5",
    '--timeout: "5" is not a duration (1s to 1d, such as 90s, 5m, 4h or 5d)',
  ],
  [
    "--max-size 25MB",
    '--max-size: "25MB" is not a size (1K to 2G, such as 10K or 25M)',
  ],
  [
    "--retry 5m,x",
    '--retry: "5m,x" is not a list of durations (1s to 7d, such as 5m,10m,1h)',
  ],
  [
    "--host a_b",
    '--host: "a_b" is not an IP address or a host name (such as 127.0.0.1, :: or localhost)',
  ],
  ["--prot 25", "--prot: unknown flag; did you mean --port?"],
  ["--prot=25", "--prot: unknown flag; did you mean --port?"],
  [
    "--relay-from all",
    '--relay-from: "all" is not none or a list of networks (such as 127.0.0.0/8,::1)',
  ],
  [
    "--route *=mail.test.ru:0",
    '--route: "*=mail.test.ru:0" is not a route (such as test.ru=10.0.0.1:2525, or *=mail.test.ru)',
  ],
  [
    "--__proto__ x",
    "--__proto__: unknown flag; smtpd --help lists those there are",
  ],
  [
    "--no-transcript",
    "--no-transcript: unknown flag; did you mean --transcript?",
  ],
  [
    "--_ x",
    "--_: unknown flag; smtpd --help lists those there are",
    '"x": unexpected argument',
  ],
  ["-_9", "-_9: unknown flag; smtpd --help lists those there are"],
  ["--max_size=1", "--max_size: unknown flag; did you mean --max-size?"],
  ["-- --a_b", '"--a_b": unexpected argument'],
  ["-p 25", "-p: unknown flag; smtpd --help lists those there are"],
  ["test.ru", '"test.ru": unexpected argument'],
  ["25", '"25": unexpected argument'],
  [
    "--prot 1 --store x --domain a_b",
    "--prot: unknown flag; did you mean --port?",
    '--domain: "a_b" is not a domain name (such as test.ru)',
    '--store: "x" is not one of maildir, mbox',
  ],
];

Deno.test("loadSettings() says that a file is nested too deep", () => {
  const nested = (open: string, close: string, levels: number) =>
    `{ "domain": ${open.repeat(levels)}1${close.repeat(levels)} }`;
  const tooDeep = [`${PATH}: nested deeper than 10 levels`];
  for (const [open, close] of [["[", "]"], ['{"a":', "}"]] as const) {
    for (const levels of [10, 100, 5_000, 100_000]) {
      assertEquals(problems([], nested(open, close, levels)), tooDeep);
    }
    assertEquals(problems([], nested(open, close, 9)).length, 1);
    assertMatch(problems([], nested(open, close, 9))[0]!, /domain: .* is not/);
  }
});

for (const [line, ...expected] of WRONG) {
  Deno.test(`loadSettings() says what is wrong with: smtpd ${line}`, () => {
    assertEquals(problems(line.split(" ").filter(Boolean)), expected);
  });
}

for (const { name } of Deno.readDirSync(BAD)) {
  if (!name.endsWith(".json")) continue;
  Deno.test(`loadSettings() says what is wrong with ${name}`, () => {
    const text = Deno.readTextFileSync(new URL(name, BAD));
    const error = new URL(name.replace(/json$/, "error"), BAD);
    assertEquals(
      problems(["--accept", "all"], text).join("\n") + "\n",
      Deno.readTextFileSync(error),
    );
  });
}

Deno.test("loadSettings() says where a file isn't JSON", () => {
  const rows = [
    ["", "unexpected end of the file"],
    [
      '{\n  "port": 25,\n  "domain":\n}',
      'unexpected token "}" at line 4, column 1',
    ],
    ['{ "port": 25', "unexpected end of the file"],
    ["port = 25", "unexpected text at line 1, column 1"],
  ] as const;
  for (const [text, what] of rows) {
    assertEquals(problems(["--accept", "all"], text), [
      `smtpd.json: not JSON: ${what}`,
    ]);
  }
});

Deno.test("loadSettings() shows no password that isn't quoted", () => {
  for (
    const text of [
      '{ "route": { "password": hunter2 } }',
      '{ "route": { "password" "hunter2" } }',
      '{ "route": { "password": "x" "hun\n" in JSONC at ter2" } }',
    ]
  ) {
    const [problem = ""] = problems([], text);
    assertMatch(problem, /^smtpd.json: not JSON: unexpected text at line 1, /);
  }
});

Deno.test("loadSome() leaves out of account what it wasn't asked for", () => {
  const flags = readFlags([], settingFlags(["mailDir"]));
  const text = JSON.stringify({ "mail-dir": "/srv/mail", port: "x" });
  assertEquals(loadSome(["mailDir"], flags, { path: PATH, text }), {
    ok: true,
    settings: { mailDir: "/srv/mail" },
  });
});

Deno.test("readFlags() lets each subcommand have flags and operands of its own", () => {
  const own = { name: "password-stdin", takes: "nothing" } as const;
  const args = ["a@b.ru", "--password-stdin", "007", "--", "--x"];
  assertEquals(readFlags(args, [own], 3), {
    given: new Map([["password-stdin", []]]),
    operands: ["a@b.ru", "007", "--x"],
    problems: [],
  });
});
