/** Debian's Postfix with a configuration of its own, beside whatever runs on this machine. */
import { join } from "node:path";
import { temporaryFolder } from "../queue/fakes.ts";
import { HOST, runCommand } from "./program.ts";
import { has, note, program } from "./programs.ts";

/** A Postfix that runs. Disposing of it stops it, and nothing of it is left. */
export interface Postfix extends AsyncDisposable {
  /** The folder of the mail it keeps, lines ended by LF. */
  readonly mailDir: string;
}

/** Whether a Postfix can be started here; says so when it can't. */
export function canRunPostfix(): boolean {
  if (!has("postfix")) return false;
  const can = Deno.build.os === "linux" && Deno.uid() === 0;
  if (!can) note("Postfix is started on Linux by root: its test is left out");
  return can;
}

/**
 * Starts a Postfix at `port` that keeps mail for every name at postfix.test and sends all other mail
 * to a server at `relayPort`, both on this machine.
 */
export async function startPostfix(
  ports: { readonly port: number; readonly relayPort: number },
): Promise<Postfix> {
  await using opening = new AsyncDisposableStack();
  const { path: folder } = opening.use(await temporaryFolder());
  // Its processes, most of which aren't root's, have to get there.
  await Deno.chmod(folder, 0o755);
  const config = join(folder, "etc");
  await Deno.mkdir(config);
  await Deno.mkdir(join(folder, "queue"));
  await run("install", "-d", "-o", "postfix", join(folder, "data"));
  await run("install", "-d", "-o", NOBODY, join(folder, "mail"));
  await Deno.writeTextFile(join(config, "main.cf"), mainConfig(folder, ports));
  await Deno.writeTextFile(join(config, "master.cf"), services(ports));
  await run("postfix", "-c", config, "start");
  opening.defer(() => run("postfix", "-c", config, "stop"));
  const open = opening.move();
  return {
    mailDir: join(folder, "mail"),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** The user whom Postfix delivers as: it won't as root. */
const NOBODY = "65534";

async function run(name: string, ...args: readonly string[]): Promise<void> {
  const { code, out, error } = await runCommand(program(name, ...args), "");
  if (code !== 0) throw new Error(`${name} ${args.join(" ")}: ${out}${error}`);
}

/** What it changes of a message is turned off as far as that can be. */
function mainConfig(
  folder: string,
  { relayPort }: { readonly relayPort: number },
): string {
  return `
compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
mail_owner = postfix
maillog_file = ${folder}/log
maillog_file_prefixes = ${folder}
myhostname = postfix.test
inet_interfaces = ${HOST}
inet_protocols = ipv4
mynetworks = ${HOST}
mydestination =
alias_maps =
alias_database =
smtp_dns_support_level = disabled
relayhost = [${HOST}]:${relayPort}
virtual_mailbox_domains = postfix.test
virtual_mailbox_base = ${folder}/mail
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:${NOBODY}
virtual_gid_maps = static:${NOBODY}
local_header_rewrite_clients =
smtp_line_length_limit = 0
`;
}

function services({ port }: { readonly port: number }): string {
  return `
${HOST}:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
showq unix n - n - - showq
flush unix n - n 1000? 0 flush
postlog unix-dgram n - n - 1 postlogd
`;
}
