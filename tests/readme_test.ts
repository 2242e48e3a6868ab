/** What README says, held against the program. */

import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import manifest from "../deno.json" with { type: "json" };
import { messageJson } from "../src/cli/queue_json.ts";
import { run } from "../src/cli/run.ts";
import { readFlags, SERVER_FLAGS } from "../src/config/flags.ts";
import { loadSettings } from "../src/config/load.ts";
import { permissionFlags } from "../src/config/permissions.ts";
import type { Settings } from "../src/config/settings.ts";
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

/** The settings of a command line's flags, in which no value holds a space. */
function settingsOf(flags: string): Settings {
  const loaded = loadSettings(readFlags(flags.split(" "), SERVER_FLAGS));
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

Deno.test("README's config file is in order", () => {
  const [text = ""] = blocks("jsonc");
  const loaded = loadSettings(readFlags([], SERVER_FLAGS), {
    path: "smtpd.json",
    text,
  });
  assertEquals(loaded.ok ? [] : loaded.problems, []);
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
  const commands = blocks("sh").flatMap((text) => {
    const [, granted, flags] = /^deno run (.*) main\.ts (.*)\n$/.exec(text) ??
      [];
    return granted && flags ? [{ granted, flags }] : [];
  });
  for (const { granted, flags } of commands) {
    assertEquals(granted, permissionFlags(settingsOf(flags)).join(" "));
  }
  const { permissions, flags } = devTask();
  const dev = commands.find((command) => command.flags === flags);
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
