/** What there is in a mail folder. */
import { join, relative } from "node:path";

/** The paths of all files under a folder, with `/` between names, sorted. */
export function filesUnder(folder: string): readonly string[] {
  return [...walk(folder)].filter(({ isFile }) => isFile)
    .map(({ path }) => relative(folder, path).replaceAll("\\", "/")).sort();
}

/** Every file and folder under a folder. */
export function* walk(
  folder: string,
): Generator<{ readonly path: string; readonly isFile: boolean }> {
  for (const { name, isFile, isDirectory } of readFolder(folder)) {
    const path = join(folder, name);
    yield { path, isFile };
    if (isDirectory) yield* walk(path);
  }
}

/** The messages in a Maildir's `new`, in the order they came. */
export function mailsOf(
  mailDir: string,
  user: string,
  domain = "test.ru",
): readonly string[] {
  const folder = join(mailDir, domain, user, "new");
  return [...readFolder(folder)].map(({ name }) => name).sort()
    .map((name) => Deno.readTextFileSync(join(folder, name)));
}

/** A stored message without the fields that the server puts on top. */
export function withoutTrace(mail: string): string {
  return mail.replace(
    /^Return-Path: .*\r\nReceived: .*\r\n(?:\t.*\r\n)*/,
    "",
  );
}

/** Files that only a crash, or a message on its way, leaves: in the spool and in every `tmp`. */
export function litter(mailDir: string): readonly string[] {
  return filesUnder(mailDir)
    .filter((path) => /^\.smtpd\/spool\/|\/tmp\/[^/]*$/.test(path));
}

function readFolder(folder: string): Iterable<Deno.DirEntry> {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return [];
    throw cause;
  }
}
