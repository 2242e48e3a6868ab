import { join } from "node:path";
import { permissionFlags } from "../config/permissions.ts";
import type { Settings } from "../config/settings.ts";
import { listen } from "../net/listener.ts";
import { doorsOf } from "../server/doors.ts";
import { openRoutes } from "../server/relay_routes.ts";
import { clock } from "../system/clock.ts";
import { disk } from "../system/disk.ts";
import { exposedPasswords } from "./exposure.ts";
import { failureText } from "./failure.ts";
import { serverSettings } from "./load.ts";
import { aliasesIn, spokenLog, usersIn } from "./tables.ts";
import type { Terminal } from "./terminal.ts";

/**
 * `smtpd check`: tries all that a server needs to start, says what is wrong, and names the
 * permissions that it runs with.
 */
export async function check(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { settings, config } = await serverSettings(args);
  const inFolder = await problemsOf(() => tryMailFolder(settings.mailDir));
  const inTables = inFolder.length > 0 ? [] : [
    ...await problemsOf(() => tryUsers(settings, terminal)),
    ...await problemsOf(() => tryAliases(settings, terminal)),
  ];
  const atPorts = await problemsOf(() => tryPorts(settings, terminal));
  const inRoutes = await problemsOf(() => tryRoutes(settings));
  const problems = [...inFolder, ...inTables, ...inRoutes, ...atPorts];
  const warnings = await exposedPasswords(settings, config);
  problems.forEach((problem) => terminal.error(`smtpd: ${problem}`));
  warnings.forEach((warning) => terminal.error(`smtpd: warning: ${warning}`));
  if (problems.length + warnings.length === 0) {
    terminal.out("Everything is in order");
  }
  const flags = permissionFlags(settings, {
    config,
    windows: Deno.build.os === "windows",
  });
  terminal.out(`Permissions for deno run: ${flags.join(" ")}`);
  return problems.length === 0 ? 0 : 1;
}

/** What is wrong: what an attempt returns or throws. */
async function problemsOf(
  attempt: () => Promise<readonly string[] | void> | void,
): Promise<readonly string[]> {
  try {
    return await attempt() ?? [];
  } catch (cause) {
    return [failureText(cause, { stack: false })];
  }
}

/** Makes a file in the mail folder, and the folder if need be, and leaves nothing behind. */
async function tryMailFolder(mailDir: string): Promise<void> {
  const probe = join(mailDir, ".smtpd-check");
  try {
    const before = await disk.stat(mailDir);
    if (before && !before.folder) throw new Error("a file has this name");
    await disk.makeFolder(mailDir);
    const file = await disk.create(probe);
    file?.[Symbol.dispose]();
    await disk.remove(probe);
    if (!before) await disk.remove(mailDir);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`--mail-dir: cannot write in "${mailDir}": ${why}`, {
      cause,
    });
  }
}

async function tryUsers(
  settings: Settings,
  terminal: Terminal,
): Promise<readonly string[]> {
  const users = await (await usersIn(settings.mailDir, terminal)).list();
  return users.filter((address) => isForeign(address, settings))
    .map((address) => `User ${address} gets no mail: the domain is not ours`);
}

async function tryAliases(
  settings: Settings,
  terminal: Terminal,
): Promise<readonly string[]> {
  const aliases = await (await aliasesIn(settings.mailDir, terminal)).list();
  return aliases.filter(({ address }) => isForeign(address, settings))
    .map(({ address }) =>
      `Alias ${address} gets no mail: the domain is not ours`
    );
}

/** Whether mail for an address, in canonical spelling, isn't kept here. */
function isForeign(address: string, { accept, domains }: Settings): boolean {
  const domain = address.slice(address.lastIndexOf("@") + 1);
  return accept !== "all" && !domains.includes(domain);
}

/** Reads the passwords that are in files. */
async function tryRoutes({ routes }: Settings): Promise<void> {
  await openRoutes(routes, disk);
}

function tryPorts(settings: Settings, terminal: Terminal): void {
  const { host } = settings;
  const log = spokenLog(terminal);
  for (const { port, setting } of doorsOf(settings)) {
    listen({ host, port, setting, clock, log }).close();
  }
}
