import { dirname } from "node:path";
import { isIPv6 } from "node:net";
import type { Settings } from "./settings.ts";

/**
 * The flags for `deno run` under which the server can do its work with these settings and nothing
 * else, ready for a command line. `config` is the path of the config file that holds some of them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { permissionFlags } from "./permissions.ts";
 *
 * assertEquals(
 *   permissionFlags({ host: "127.0.0.1", port: 2525, mailDir: "./mail" }),
 *   ["--allow-net=127.0.0.1:2525", "--allow-read=./mail", "--allow-write=./mail"],
 * );
 * ```
 */
export function permissionFlags(
  settings: Pick<Settings, "host" | "port" | "mailDir">,
  config?: string,
): readonly string[] {
  const { host, port, mailDir } = settings;
  // Where there is no IPv6, `::` falls back to every IPv4 address.
  const hosts = host === "::" ? ["::", "0.0.0.0"] : [host];
  const net = hosts.map((name) =>
    `${isIPv6(name) ? `[${name}]` : name}:${port}`
  );
  const read = config === undefined ? [mailDir] : [mailDir, config];
  return [
    `--allow-net=${net.join(",")}`,
    `--allow-read=${read.map(grantable).join(",")}`,
    `--allow-write=${grantable(mailDir)}`,
  ].map(quoted);
}

/** The path, or the nearest folder above it, that can stand in a list: one without a comma. */
function grantable(path: string): string {
  return path.includes(",") ? grantable(dirname(path)) : path;
}

/** In the quotes that sh, zsh, cmd and PowerShell share, if one of them would read more into it. */
function quoted(flag: string): string {
  return /^[\w\-=,.:/]*$/.test(flag) ? flag : `"${flag}"`;
}
