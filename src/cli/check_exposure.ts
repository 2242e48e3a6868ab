import { dirname } from "node:path";
import type { RouteLogin } from "../config/route.ts";
import { placesIn } from "../config/places.ts";
import { type Finding, type Findings, warning } from "./check_finding.ts";
import type { Modes, Subject } from "./check_subject.ts";

/** What is exposed. */
type Exposed = Pick<Subject, "settings" | "config" | "modes">;

/** Bits of chmod: what everybody may do. */
const READ = 0o004;
const ENTER = 0o001;

/**
 * A warning for each file with a password or a key in it that every user of the machine may read,
 * and for a mail folder that they may look into. A group that may read is meant to: that is how
 * certificates are shared. Windows doesn't tell (its files have no mode), and a file that isn't
 * there has nothing to show.
 */
export async function checkExposure(exposed: Exposed): Promise<Findings> {
  const findings: Finding[] = [];
  for (const [path, what] of secretsIn(exposed)) {
    if (!await isOpenToAll(path, exposed.modes)) continue;
    findings.push(...warning(
      `"${path}" ${what} every user of this machine may read it; chmod o= keeps ` +
        "them out",
    ));
  }
  return findings;
}

/** Paths, each once, and what is said of them. */
function secretsIn(
  { settings, config }: Exposed,
): ReadonlyMap<string, string> {
  const { routes, tlsFiles, mailDir } = settings;
  const passwords = routes.flatMap(({ login }) =>
    login ? fileOf(login, config) : []
  );
  return new Map([
    ...passwords.map((path) => [path, "has a password, and"] as const),
    ...tlsFiles.map(({ key }) => [key, "has a private key, and"] as const),
    [placesIn(mailDir).users, "has hashed passwords, and"],
    [mailDir, "is the mail folder, and"],
  ]);
}

/** The file that holds a password. */
function fileOf(
  { password }: RouteLogin,
  config: string | undefined,
): readonly string[] {
  if ("file" in password) return [password.file];
  return config === undefined ? [] : [config];
}

/** Whether everybody may read a file, or list a folder: it takes the right to enter those above. */
async function isOpenToAll(path: string, modes: Modes): Promise<boolean> {
  const real = await modes.realPath(path);
  if (real === undefined || !await allows(real, READ, modes)) return false;
  for (const folder of foldersAbove(real)) {
    if (await allows(folder, ENTER, modes) === false) return false;
  }
  return true;
}

/** `undefined` when nobody can say. */
async function allows(
  path: string,
  right: number,
  { modeOf }: Modes,
): Promise<boolean | undefined> {
  const mode = await modeOf(path);
  return mode === undefined ? undefined : (mode & right) !== 0;
}

function* foldersAbove(path: string): Generator<string> {
  for (let at = path; dirname(at) !== at;) yield at = dirname(at);
}

/** What the machine's own files say. */
export const systemModes: Modes = {
  realPath: (path) => unlessHidden(() => Deno.realPath(path)),
  modeOf: (path) =>
    unlessHidden(async () => (await Deno.stat(path)).mode ?? undefined),
};

/** Nobody can say anything of what isn't there, or what we may not see. */
async function unlessHidden<Result>(
  look: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await look();
  } catch (cause) {
    const hidden = cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.NotADirectory ||
      cause instanceof Deno.errors.PermissionDenied ||
      cause instanceof Deno.errors.NotCapable;
    if (hidden) return undefined;
    throw cause;
  }
}
