import type { Route, RouteLogin } from "../config/route.ts";
import type { FixedRoute } from "../delivery/route.ts";
import type { Disk } from "../ports/disk.ts";
import type { Credentials } from "../sasl/exchange.ts";

/**
 * The routes of the settings with the passwords that are in files. A file's first line is the
 * password.
 *
 * @throws {Error} When a file can't be read, or has no password.
 */
export function openRoutes(
  routes: readonly Route[],
  disk: Pick<Disk, "read">,
): Promise<readonly FixedRoute[]> {
  return Promise.all(routes.map(async ({ login, ...route }) => ({
    ...route,
    ...(login && { credentials: await credentialsOf(login, disk) }),
  })));
}

async function credentialsOf(
  { user, password }: RouteLogin,
  disk: Pick<Disk, "read">,
): Promise<Credentials> {
  if ("reveal" in password) return { user, password: password.reveal };
  const secret = await readPassword(password.file, disk);
  return { user, password: () => secret };
}

async function readPassword(
  path: string,
  disk: Pick<Disk, "read">,
): Promise<string> {
  const octets = await read(path, disk);
  if (octets === undefined) throw unusable(path, "there is no such file");
  const text = decode(path, octets);
  const [password = ""] = text.split(/\r?\n/);
  if (password === "") throw unusable(path, "its first line is empty");
  if (password.includes("\0")) throw unusable(path, "it is not text");
  return password;
}

async function read(path: string, disk: Pick<Disk, "read">) {
  try {
    return await disk.read(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw unusable(path, why, cause);
  }
}

function decode(path: string, octets: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (cause) {
    throw unusable(path, "it is not text in UTF-8", cause);
  }
}

function unusable(path: string, why: string, cause?: unknown): Error {
  return new Error(`Cannot read password file "${path}": ${why}`, { cause });
}
