/** Programs that may be installed, or not. */
import { join } from "node:path";

/** Whether a program is installed; says so when it isn't, since its test is left out then. */
export function has(name: string): boolean {
  const path = programPath(name);
  if (path === undefined) note(`${name} isn't installed: its test is left out`);
  return path !== undefined;
}

/** Whether a mail client is here, and can do TLS: swaks has that from a module that may be missing. */
export function hasWithTls(name: string): boolean {
  if (!has(name)) return false;
  if (name !== "swaks") return true;
  const { stdout } = new Deno.Command("swaks", { args: ["--support"] })
    .outputSync();
  if (new TextDecoder().decode(stdout).includes("TLS supported")) return true;
  note("swaks has no Net::SSLeay, and so no TLS: its test is left out");
  return false;
}

/** Whether openssl is version 3, which is sure to have the protocols and flags that tests need. */
export function hasOpenSsl3(): boolean {
  if (!has("openssl")) return false;
  const { stdout } = new Deno.Command("openssl", { args: ["version"] })
    .outputSync();
  const version = new TextDecoder().decode(stdout).trim();
  if (version.startsWith("OpenSSL 3")) return true;
  note(`${version} isn't OpenSSL 3: its test is left out`);
  return false;
}

/** Where a program is. Some of Debian's are where only root looks. */
function programPath(name: string): string | undefined {
  const folders = (Deno.env.get("PATH") ?? "")
    .split(Deno.build.os === "windows" ? ";" : ":");
  return [...folders, "/usr/sbin"].map((folder) => join(folder, name))
    .find((path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return false;
      }
    });
}

/** A program with its arguments, to be run with an input. */
export function program(
  name: string,
  ...args: readonly string[]
): Deno.Command {
  return new Deno.Command(programPath(name) ?? name, {
    args: [...args],
    // What the user who runs the tests has configured is of no concern.
    env: { HOME: "/nonexistent", MAILRC: "/dev/null" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Tells whoever runs the tests. */
export function note(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`note: ${text}\n`));
}
