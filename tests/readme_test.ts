/** What README says, held against the program. */

import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { relative, sep as SEPARATOR } from "node:path";
import manifest from "../deno.json" with { type: "json" };
import { messageJson } from "../src/cli/queue_json.ts";
import { run } from "../src/cli/run.ts";
import type { ConfigFile } from "../src/config/config_file.ts";
import { readFlags, SERVER_FLAGS } from "../src/config/flags.ts";
import { loadSettings } from "../src/config/load.ts";
import { permissionFlags } from "../src/config/permissions.ts";
import { placesIn } from "../src/config/places.ts";
import type { Settings } from "../src/config/settings.ts";
import { type Setting, SETTINGS } from "../src/config/table.ts";
import { freshStates } from "../src/queue/state.ts";
import { startServer } from "../src/server/start.ts";
import { scriptedTerminal } from "./cli/scripted_terminal.ts";

const ROOT = new URL("../", import.meta.url);
const README = read("README.md");

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** The code blocks in a language, without their fences. */
function blocks(language: string): readonly string[] {
  const fenced = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm");
  return [...README.matchAll(fenced)].map(([, text]) => text!);
}

async function help(): Promise<string> {
  const terminal = scriptedTerminal();
  await run(["--help"], terminal);
  return terminal.stdout;
}

/** Where README has the config file of its small domain. */
const CONFIG = "/etc/smtpd/smtpd.json";

/** What README says is in that file. */
function configFile(): ConfigFile {
  const [text] = blocks("jsonc").filter((text) => text.includes("/etc/smtpd"));
  return { path: CONFIG, text: text! };
}

/** A command line's flags, in which no value holds a space. */
function readWords(flags: string) {
  const read = readFlags(flags.split(" "), SERVER_FLAGS);
  const config = read.given.get("config")?.[0];
  return { read, ...(config === CONFIG && { config: configFile() }) };
}

/** The settings of a command line's flags, and of README's config file if it is among them. */
function settingsOf(flags: string): Settings {
  const { read, config } = readWords(flags);
  const loaded = loadSettings(read, config);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings;
}

/** What the task `dev` gives to Deno, and what to the program. */
function devTask(): { readonly permissions: string; readonly flags: string } {
  const [, permissions = "", flags = ""] =
    /--watch (--allow.*) main\.ts (.*)$/.exec(manifest.tasks.dev.command) ?? [];
  return { permissions, flags };
}

Deno.test("README shows the help", async () => {
  const [shown] = blocks("text").filter((text) => text.includes("Usage:"));
  assertEquals(shown, await help());
});

Deno.test("README speaks of every subcommand", async () => {
  const prose = README.replace(await help(), "");
  const usages = [...(await help()).matchAll(/^ {2}smtpd (\w+) /gm)];
  const names = new Set(usages.map(([, name]) => name!));
  assert(names.has("user"));
  for (const name of names) {
    const used = new RegExp(`\\b(?:smtpd|task start) ${name}\\b`);
    assert(used.test(prose), `README doesn't speak of smtpd ${name}`);
  }
});

Deno.test("README's config files are in order", () => {
  const texts = blocks("jsonc");
  assertEquals(texts.length, 2);
  for (const text of texts) {
    const file = { path: "smtpd.json", text };
    const loaded = loadSettings(readFlags([], SERVER_FLAGS), file);
    assertEquals(loaded.ok ? [] : loaded.problems, []);
  }
});

/** The arguments of each command in README by which somebody runs the program. */
function commands(): readonly string[] {
  const command =
    /(?<=^|\s|\/bin\/|\\)smtpd(?:\.exe)? ((?:--|check |user |alias |tls )[^>"\n#]*)/gm;
  return ["sh", "ini", "powershell"].flatMap(blocks)
    .flatMap((text) => [...text.matchAll(command)])
    .map(([, args]) => args!.trim());
}

Deno.test("README's servers and checks have flags that there are", () => {
  const servers = commands().filter((args) => /^(?:check|--)/.test(args));
  assert(servers.length >= 4, servers.join("\n"));
  for (const args of servers) {
    const flags = args.replace(/^check /, "").replaceAll("'", "")
      .replace("C:\\smtpd\\smtpd.json", CONFIG);
    assert(settingsOf(flags), args);
  }
});

Deno.test("README's subcommands do what they say", async () => {
  const mailDir = await Deno.makeTempDir();
  try {
    const tools = commands().filter((args) => /^(?:user|alias|tls)/.test(args));
    assert(tools.length >= 3, tools.join("\n"));
    for (const args of tools) {
      const terminal = scriptedTerminal({ secrets: ["12345", "12345"] });
      const words = args.replace(/ --mail-dir \S+/, "").split(" ");
      const code = await run([...words, "--mail-dir", mailDir], terminal);
      assertEquals({ args, code, said: terminal.stderr }, {
        args,
        code: 0,
        said: "",
      });
    }
  } finally {
    await Deno.remove(mailDir, { recursive: true });
  }
});

Deno.test("README's limits have the defaults that the program has", () => {
  const [, table = ""] = /^## Strangers$([^]*?)^## /m.exec(README) ?? [];
  const rows = [...table.matchAll(/^\| `--([\w-]+)` +\| (\w+)/gm)];
  assert(rows.length >= 8);
  const settings: readonly Setting[] = Object.values(SETTINGS);
  for (const [, flag, shown] of rows) {
    const setting = settings.find((each) => each.flag === flag);
    assertEquals(setting?.default ?? "none", shown, `--${flag}`);
  }
});

Deno.test("README's events are in the sources", () => {
  const [, table = ""] = /^## The log$([^]*?)^## /m.exec(README) ?? [];
  const events = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) =>
    name!
  );
  assert(events.includes("message undeliverable"));
  const sources = textsIn(new URL("src/", ROOT)).join("\n");
  const missing = events.filter((event) => !sources.includes(`"${event}"`));
  assertEquals(missing, []);
});

function textsIn(folder: URL): readonly string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? textsIn(new URL(`${name}/`, folder))
      : [Deno.readTextFileSync(new URL(name, folder))]
  );
}

Deno.test("README shows what is in the state folder", () => {
  const [shown = ""] = blocks("text").filter((text) =>
    text.includes(".smtpd/\n")
  );
  const { state, ...places } = placesIn("mail");
  for (const place of Object.values(places)) {
    const [name = ""] = relative(state, place).split(SEPARATOR);
    assert(new RegExp(`^ {4}${name}/? `, "m").test(shown), name);
  }
});

Deno.test("README names the fields of the queue in JSON", () => {
  const [shown = ""] = blocks("text").filter((text) => text.includes("helo}"));
  const listed = (name: string) => {
    const [, fields = ""] = new RegExp(`^${name} +{([^]*?)}$`, "m")
      .exec(shown) ?? [];
    return fields.replace(/: (?:{.*?}|\[.*?\])/g, "").split(/,\s+/).sort();
  };
  const mailbox = { local: "petya", domain: "test.ru" };
  const message = {
    id: "0AM8Y186NXQ",
    from: mailbox,
    receivedAt: 0,
    size: 1,
    smtputf8: false,
    body: "7BIT",
    session: "0AM8Y1861H4",
    client: { address: "127.0.0.1", helo: "laptop" },
    recipients: [{ number: 0, address: mailbox, original: mailbox }],
  } as const;
  const json = messageJson({ message, states: freshStates(message) }, [{
    recipient: 0,
    number: 1,
    at: 0,
    status: "deferred",
    reply: "451 4.3.2 Come back later",
    host: "mx.example.net",
    address: "192.0.2.1",
    session: "0AM8Y188DQZ",
  }]);
  const [recipient] = json.recipients;
  assertEquals(listed("message"), Object.keys(json).sort());
  assertEquals(listed("recipient"), Object.keys(recipient!).sort());
  assertEquals(listed("try"), Object.keys(recipient!.tries![0]!).sort());
});

Deno.test("README's tasks exist", () => {
  const named = [
    ...README.matchAll(/(?:`|deno(?:@\S+)? )task ([a-z][a-z:]*)/g),
  ];
  const names = new Set(named.map(([, name]) => name!));
  assert(names.has("dev") && names.has("test"));
  for (const name of names) assert(name in manifest.tasks, `task ${name}`);
});

Deno.test("README's commands have the permissions that check names", () => {
  const permitted = blocks("sh").flatMap((text) => {
    const [, granted, flags] = /^deno run (.*) main\.ts (.*)\n$/.exec(text) ??
      [];
    return granted && flags ? [{ granted, flags }] : [];
  });
  assert(permitted.length >= 3);
  for (const { granted, flags } of permitted) {
    const config = readWords(flags).config?.path;
    const needed = permissionFlags(settingsOf(flags), { config });
    assertEquals(granted, needed.join(" "));
  }
  const { permissions, flags } = devTask();
  const dev = permitted.find((command) => command.flags === flags);
  assertEquals(dev?.granted.replaceAll('"', ""), permissions);
});

Deno.test("README's files exist", () => {
  const named = README.matchAll(/`((?:\w+\/)+\w+\.ts)`/g);
  const paths = new Set([...named].map(([, path]) => path!));
  assert(paths.has("smtp/framer.ts"));
  const missing = [...paths].filter((path) =>
    !existsSync(new URL(path, ROOT)) &&
    !existsSync(new URL(`src/${path}`, ROOT))
  );
  assertEquals(missing, []);
});

Deno.test("README's table has every folder of the sources", () => {
  const folders = new Set(
    [...Deno.readDirSync(new URL("src", ROOT))]
      .map(({ name }) => name.replace(/\.ts$/, "")),
  );
  const rows = [...README.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name!);
  assertEquals(rows.sort(), [...folders].sort());
});

Deno.test("the version of Deno is the same wherever it is named", () => {
  const [, version = ""] = />=(\d+\.\d+\.\d+)$/.exec(manifest.engines.deno) ??
    [];
  const files = ["README.md", ".ci/run", ".github/workflows/release.yml"];
  for (const file of files) {
    const found = read(file).matchAll(/\bdeno[@\])(. a-z:/]*(\d+\.\d+\.\d+)/gi);
    const versions = new Set([...found].map(([, version]) => version!));
    assertEquals(versions, new Set([version]), file);
  }
});

Deno.test({
  name: "README's first mails arrive where it says",
  ignore: Deno.build.os === "windows" || !(await isThere("curl", "python3")),
  async fn() {
    const mails = blocks("sh").filter((text) => text.includes("me@test.ru"));
    assertEquals(mails.length, 2);
    const mailDir = await Deno.makeTempDir();
    const settings = { ...settingsOf(devTask().flags), mailDir, port: 0 };
    const server = await startServer(settings, { log: SILENT });
    try {
      const { port } = server.doors[0]!.addresses[0]!;
      for (const mail of mails) await shell(mail.replace("2525", `${port}`));
    } finally {
      await server.stop();
    }
    try {
      const names = [...Deno.readDirSync(`${mailDir}/test.ru/petya/new`)];
      assertEquals(names.length, mails.length);
      for (const { name } of names) {
        const path = `${mailDir}/test.ru/petya/new/${name}`;
        const text = Deno.readTextFileSync(path);
        assert(text.endsWith("Subject: hello\r\n\r\nHi\r\n"), text);
      }
    } finally {
      await Deno.remove(mailDir, { recursive: true });
    }
  },
});

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

async function shell(command: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["-c", command],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
}

async function isThere(...programs: readonly string[]): Promise<boolean> {
  try {
    for (const program of programs) {
      await new Deno.Command(program, { args: ["--version"] }).output();
    }
    return true;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
}
