import { assert, assertEquals } from "@std/assert";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { helpText } from "../../src/config/help.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Setting, SettingName } from "../../src/config/settings.ts";
import { SETTING_NAMES, SETTINGS } from "../../src/config/settings.ts";

/** For each setting a value that isn't its default, as typed and as the program knows it. */
const SAMPLES: Readonly<Record<SettingName, readonly [string, unknown]>> = {
  domains: ["b.ru", ["b.ru"]],
  hostname: ["mx.test.ru", "mx.test.ru"],
  accept: ["all", "all"],
  mailDir: ["/srv/mail", "/srv/mail"],
  store: ["mbox", "mbox"],
  host: ["[::1]", "::1"],
  port: ["2525", 2525],
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
    assertEquals(load([...enough, `--${row.flag}`, text])[name], value);
    assertEquals(load([...enough, `--${row.flag}=${text}`])[name], value);
    const config = JSON.stringify({ [row.flag]: text });
    assertEquals(load(enough, config)[name], value);
    const line = `  --${row.flag} ${row.kind.placeholder}`;
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
    retry: [300_000, 600_000, 1_200_000, 2_400_000, 3_600_000],
    warnAfter: 14_400_000,
    giveUp: 432_000_000,
    logLevel: "info",
    logFormat: "text",
    transcript: true,
  });
});
