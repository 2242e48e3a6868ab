/** Programs that may be installed, or not. */
import { join } from "node:path";
import type { Found } from "./peer.ts";

/** Where a program is; some of Debian's are where only root looks. */
export function programPath(name: string): string | undefined {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin"];
  return folders.map((folder) => join(folder, name)).find(isFile);
}

/** Whether all the programs are installed, and if so the version that `version` finds. */
export async function findPrograms(
  names: readonly string[],
  version: () => Promise<string>,
): Promise<Found> {
  const missing = names.filter((name) => programPath(name) === undefined);
  if (missing.length > 0) return { absent: `no ${missing.join(", no ")}` };
  return { version: await version() };
}

/** A package of npm's that is installed for all, named by NODE_PATH, or in the cache of `npx`. */
export async function findPackage(
  name: string,
): Promise<{ readonly folder: string; readonly version: string } | undefined> {
  if (programPath("node") === undefined) return undefined;
  for (const folder of packageFolders()) {
    try {
      const text = await Deno.readTextFile(join(folder, name, "package.json"));
      const { version } = JSON.parse(text) as { readonly version: string };
      return { folder: join(folder, name), version };
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    }
  }
  return undefined;
}

/** Runs a program to its end; gives what it said. Throws when it failed. */
export async function output(
  name: string,
  ...args: readonly string[]
): Promise<string> {
  const result = await new Deno.Command(programPath(name) ?? name, {
    args: [...args],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const [said, failed] = [result.stdout, result.stderr]
    .map((bytes) => decoder.decode(bytes).trim());
  if (!result.success) {
    throw new Error(`${name} ${args.join(" ")}: ${failed || said}`);
  }
  return said!;
}

function packageFolders(): readonly string[] {
  const npx = join(Deno.env.get("HOME") ?? "/root", ".npm/_npx");
  return [
    ...(Deno.env.get("NODE_PATH") ?? "").split(":").filter(Boolean),
    "/usr/local/lib/node_modules",
    "/usr/lib/node_modules",
    ...subfolders(npx).map((folder) => join(folder, "node_modules")),
  ];
}

function subfolders(folder: string): readonly string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => join(folder, name));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    throw cause;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
