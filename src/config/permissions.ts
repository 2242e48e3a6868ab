import { dirname } from "node:path";
import { isIPv6 } from "node:net";
import type { Settings } from "./settings.ts";

/** The settings that say what a server must be permitted. */
export type PermittedSettings = Pick<
  Settings,
  | "host"
  | "port"
  | "submissionPort"
  | "submissionsPort"
  | "tlsFiles"
  | "mailDir"
  | "accept"
  | "dns"
  | "routes"
  | "blockLists"
>;

/** What the permissions depend on beside the settings. */
export interface PermissionOptions {
  /** Path of the config file that holds some of the settings. */
  readonly config?: string | undefined;
  /** Whether the server runs on Windows. */
  readonly windows?: boolean;
}

/**
 * The flags for `deno run` under which the server can do its work with these settings and nothing
 * else, ready for a command line. Mail for others may have to go anywhere, which takes the whole
 * network.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { permissionFlags } from "./permissions.ts";
 *
 * assertEquals(
 *   permissionFlags({
 *     host: "127.0.0.1",
 *     port: 2525,
 *     submissionPort: undefined,
 *     submissionsPort: undefined,
 *     tlsFiles: [],
 *     mailDir: "./mail",
 *     accept: "all",
 *     dns: undefined,
 *     routes: [],
 *     blockLists: [],
 *   }),
 *   ["--allow-net=127.0.0.1:2525", "--allow-read=./mail", "--allow-write=./mail"],
 * );
 * ```
 */
export function permissionFlags(
  settings: PermittedSettings,
  { config, windows = false }: PermissionOptions = {},
): readonly string[] {
  const { mailDir, accept, dns, routes, tlsFiles, blockLists } = settings;
  const reachesOut = accept !== "all" || blockLists.length > 0;
  const asksSystem = reachesOut && dns === undefined;
  const read = [
    mailDir,
    ...(config === undefined ? [] : [config]),
    ...tlsFiles.flatMap(({ cert, key }) => [cert, key]),
    ...routes.flatMap(passwordFile),
    ...(asksSystem && !windows ? [NAME_SERVERS] : []),
  ];
  return [
    reachesOut
      ? "--allow-net"
      : `--allow-net=${listeningOn(settings).join(",")}`,
    `--allow-read=${[...new Set(read.map(grantable))].join(",")}`,
    `--allow-write=${grantable(mailDir)}`,
    ...(asksSystem && windows ? ["--allow-sys=networkInterfaces"] : []),
  ].map(quoted);
}

/** Where Unix keeps what DNS servers to ask. */
const NAME_SERVERS = "/etc/resolv.conf";

function listeningOn(settings: PermittedSettings): readonly string[] {
  const { host, port, submissionPort, submissionsPort } = settings;
  // Where there is no IPv6, `::` falls back to every IPv4 address.
  const hosts = host === "::" ? ["::", "0.0.0.0"] : [host];
  return [port, submissionPort, submissionsPort]
    .filter((each) => each !== undefined)
    .flatMap((each) =>
      hosts.map((name) => `${isIPv6(name) ? `[${name}]` : name}:${each}`)
    );
}

function passwordFile(
  { login }: PermittedSettings["routes"][number],
): readonly string[] {
  return login && "file" in login.password ? [login.password.file] : [];
}

/** The path, or the nearest folder above it, that can stand in a list: one without a comma. */
function grantable(path: string): string {
  return path.includes(",") ? grantable(dirname(path)) : path;
}

/** In the quotes that sh, zsh, cmd and PowerShell share, if one of them would read more into it. */
function quoted(flag: string): string {
  return /^[\w\-=,.:/]*$/.test(flag) ? flag : `"${flag}"`;
}
