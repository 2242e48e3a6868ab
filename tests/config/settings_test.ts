import { assert, assertEquals } from "@std/assert";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { helpText } from "../../src/config/help.ts";
import { loadSettings, loadSome } from "../../src/config/load.ts";
import { SETTING_NAMES, type SettingName } from "../../src/config/settings.ts";
import { type Setting, SETTINGS } from "../../src/config/table.ts";

/** For each setting a value that isn't its default, as typed and as the program knows it. */
const SAMPLES: Readonly<Record<SettingName, readonly [string, unknown]>> = {
  domains: ["b.ru", ["b.ru"]],
  hostname: ["mx.test.ru", "mx.test.ru"],
  accept: ["all", "all"],
  mailDir: ["/srv/mail", "/srv/mail"],
  store: ["mbox", "mbox"],
  host: ["[::1]", "::1"],
  port: ["2525", 2525],
  submissionPort: ["587", 587],
  submissionsPort: ["465", 465],
  proxyFrom: ["10.0.0.1", [{ address: "10.0.0.1", prefix: 32 }]],
  tlsCert: ["cert.pem", ["cert.pem"]],
  tlsKey: ["key.pem", ["key.pem"]],
  insecureAuth: ["on", true],
  maxAuthFailures: ["3", 3],
  authLockout: ["1h", 3_600_000],
  relayFrom: ["10.0.0.0/8,::1", [
    { address: "10.0.0.0", prefix: 8 },
    { address: "::1", prefix: 128 },
  ]],
  routes: ["a.ru=b.ru:2525", [{ domain: "a.ru", host: "b.ru", port: 2525 }]],
  requireTls: ["bank.ru", ["bank.ru"]],
  dns: ["[::1]:5353", { address: "::1", port: 5353 }],
  mxPort: ["2526", 2526],
  maxSize: ["10K", 10_240],
  maxRecipients: ["100", 100],
  maxConnections: ["7", 7],
  maxConnectionsPerIp: ["8", 8],
  timeout: ["90s", 90_000],
  maxErrors: ["5", 5],
  maxHops: ["30", 30],
  allow: ["10.0.0.0/8", [{ address: "10.0.0.0", prefix: 8 }]],
  deny: ["2001:db8::/32", [{ address: "2001:db8::", prefix: 32 }]],
  connectionsPerMinute: ["0", 0],
  messagesPerMinute: ["30", 30],
  maxSessionRecipients: ["50", 50],
  maxUnknownRecipients: ["3", 3],
  bannerDelay: ["2s", 2_000],
  greylist: ["5m", 300_000],
  blockLists: ["zen.example.org", ["zen.example.org"]],
  retry: ["1s,2s", [1_000, 2_000]],
  warnAfter: ["0s", 0],
  giveUp: ["1h", 3_600_000],
  logLevel: ["warn", "warn"],
  logFormat: ["json", "json"],
  transcript: ["off", false],
};

/** The server needs to know whose mail it keeps, whatever else is looked at. */
const ENOUGH = ["--accept", "all"];

function load(args: readonly string[], text = "{}") {
  const loaded = loadSettings(readFlags(args, SERVER_FLAGS), {
    path: "smtpd.json",
    text,
  });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings;
}

/** One setting as it was given, whether it fits the others or not. */
function chosen(args: readonly string[], name: SettingName, text = "{}") {
  const loaded = loadSome([name], readFlags(args, SERVER_FLAGS), {
    path: "smtpd.json",
    text,
  });
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings[name];
}

Deno.test("SETTINGS have defaults that their own kinds accept", () => {
  for (const row of Object.values<Setting>(SETTINGS)) {
    if (row.default === undefined) continue;
    assert(row.kind.read(row.default) !== undefined, row.flag);
  }
});

for (const name of SETTING_NAMES) {
  const row: Setting = SETTINGS[name];
  const [text, value] = SAMPLES[name];
  const enough = name === "accept" ? [] : ENOUGH;

  Deno.test(`--${row.flag} is a flag, a config key and a line of the help`, () => {
    if (row.kind.bare) {
      assertEquals(chosen([...enough, `--${row.flag}`], name), value);
    } else {
      assertEquals(chosen([...enough, `--${row.flag}`, text], name), value);
      assertEquals(chosen([...enough, `--${row.flag}=${text}`], name), value);
    }
    const config = JSON.stringify({ [row.flag]: text });
    assertEquals(chosen(enough, name, config), value);
    const line = `  --${row.flag} ${row.kind.placeholder}`.trimEnd();
    assert(helpText([]).includes(line), line);
  });
}

Deno.test("loadSettings() without more than it needs answers the defaults", () => {
  assertEquals(load(["--domain", "test.ru"]), {
    domains: ["test.ru"],
    hostname: "test.ru",
    accept: "known",
    mailDir: "./mail",
    store: "maildir",
    host: "::",
    port: 25,
    submissionPort: undefined,
    submissionsPort: undefined,
    proxyFrom: [],
    tlsFiles: [],
    insecureAuth: false,
    maxAuthFailures: 10,
    authLockout: 900_000,
    relayFrom: [
      { address: "127.0.0.0", prefix: 8 },
      { address: "::1", prefix: 128 },
    ],
    routes: [],
    requireTls: [],
    dns: undefined,
    mxPort: 25,
    maxSize: 26_214_400,
    maxRecipients: 1_000,
    maxConnections: 1_000,
    maxConnectionsPerIp: 100,
    timeout: 300_000,
    maxErrors: 20,
    maxHops: 100,
    allow: [],
    deny: [],
    connectionsPerMinute: 600,
    messagesPerMinute: 600,
    maxSessionRecipients: 10_000,
    maxUnknownRecipients: 20,
    bannerDelay: 0,
    greylist: 0,
    blockLists: [],
    retry: [300_000, 600_000, 1_200_000, 2_400_000, 3_600_000],
    warnAfter: 14_400_000,
    giveUp: 432_000_000,
    logLevel: "info",
    logFormat: "text",
    transcript: true,
  });
});

Deno.test("loadSettings() gives each certificate its key", () => {
  const { tlsFiles } = load([
    ...[...ENOUGH, "--tls-cert", "a.pem", "--tls-cert", "b.pem"],
    ...["--tls-key", "a.key", "--tls-key", "b.key"],
  ]);
  assertEquals(tlsFiles, [
    { cert: "a.pem", key: "a.key" },
    { cert: "b.pem", key: "b.key" },
  ]);
  assertEquals(load([...ENOUGH, "--tls-cert", "both.pem"]).tlsFiles, [
    { cert: "both.pem", key: "both.pem" },
  ]);
});

const CERT = ["--tls-cert", "cert.pem"];
const CONFLICTS: readonly (readonly [readonly string[], string])[] = [
  [["--tls-cert", "a", "--tls-cert", "b", "--tls-key", "c"], "--tls-key: "],
  [["--tls-key", "c"], "--tls-key: given 1 times, --tls-cert 0 times"],
  [["--submissions-port", "465"], "--submissions-port: needs --tls-cert"],
  [["--submission-port", "587"], "--submission-port: nobody could log in"],
  [["--insecure-auth", "--submissions-port", "465"], "--submissions-port: "],
  [[...CERT, "--submission-port", "25"], "--port, --submission-port and "],
];

for (const [args, problem] of CONFLICTS) {
  Deno.test(`loadSettings() refuses ${args.join(" ")}`, () => {
    const loaded = loadSettings(readFlags([...ENOUGH, ...args], SERVER_FLAGS));
    const problems = loaded.ok ? [] : loaded.problems;
    assertEquals(problems.length, 1);
    assert(problems[0]?.startsWith(problem), problems[0]);
  });
}

Deno.test("loadSettings() lets a server without TLS have logins for tests", () => {
  const args = ["--insecure-auth", "--submission-port", "0", "--port", "0"];
  assertEquals(load([...ENOUGH, ...args]).submissionPort, 0);
});

Deno.test("readFlags() refuses a value for a flag that takes none", () => {
  const { problems } = readFlags(["--insecure-auth=off"], SERVER_FLAGS);
  assertEquals(problems, ["--insecure-auth: takes no value"]);
});
