import type { Settings } from "../config/settings.ts";

/**
 * A line for each file with a password of ours that every user of the machine may read. Windows
 * doesn't tell (its files have no mode), and a file that isn't there has nothing to show.
 */
export async function exposedPasswords(
  { routes }: Pick<Settings, "routes">,
  config: string | undefined,
): Promise<readonly string[]> {
  const files = new Set(routes.flatMap(({ login }) => {
    if (login === undefined) return [];
    return "file" in login.password ? [login.password.file] : config ?? [];
  }));
  const exposed: string[] = [];
  for (const file of files) {
    if (await isOpenToAll(file)) {
      exposed.push(
        `${file} has a password, and every user of this machine may read it`,
      );
    }
  }
  return exposed;
}

/** Whether others than the owner and its group may read a file (the `o+r` of chmod). */
async function isOpenToAll(path: string): Promise<boolean> {
  try {
    const { mode } = await Deno.stat(path);
    return mode !== null && (mode & 0o004) !== 0;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return false;
    throw cause;
  }
}
