import { join } from "node:path";
import { HOST } from "./host.ts";
import { greeting } from "./launch.ts";
import { DOMAIN, mailFolder, type Peer, type Site } from "./peer.ts";
import { MOST_RECIPIENTS, recipients } from "./recipients.ts";
import { findPrograms, output } from "./programs.ts";

/** The user whom Postfix delivers as: it won't as root. */
const NOBODY = "65534";

/** A Postfix with a configuration, a queue and data of its own; Debian's settings but for those named. */
export const postfix: Peer = {
  name: "postfix",
  can: ["deliver", "relay", "tls", "pipeline"],
  async find() {
    if (Deno.uid() !== 0) return { absent: "only root can start it" };
    return await findPrograms(["postfix", "postconf"], async () => {
      const folder = await Deno.makeTempDir();
      await Deno.writeTextFile(join(folder, "main.cf"), "");
      try {
        return await output("postconf", "-c", folder, "-dh", "mail_version");
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });
  },
  async start(site) {
    const config = await prepare(site);
    const stop = async () => void await output("postfix", "-c", config, "stop");
    const start = performance.now();
    await output("postfix", "-c", config, "start");
    try {
      await greeting(site.port);
    } catch (cause) {
      await stop();
      throw cause;
    }
    const startedIn = performance.now() - start;
    const pid = await Deno.readTextFile(
      join(site.folder, "queue/pid/master.pid"),
    );
    return { pid: Number(pid), startedIn, [Symbol.asyncDispose]: stop };
  },
};

/** Makes its folders and its configuration; gives the folder of the latter. */
async function prepare(site: Site): Promise<string> {
  const { folder } = site;
  const config = join(folder, "etc");
  // Its processes, most of which aren't root's, have to get there.
  await Deno.chmod(folder, 0o755);
  await output("install", "-d", config, join(folder, "queue"));
  await output("install", "-d", "-o", "postfix", join(folder, "data"));
  await output("install", "-d", "-o", NOBODY, mailFolder(site));
  await Deno.writeTextFile(join(config, "mailboxes"), mailboxes());
  await Deno.writeTextFile(join(config, "main.cf"), mainConfig(site));
  await Deno.writeTextFile(join(config, "master.cf"), services(site));
  return config;
}

/** A Maildir for each recipient that there may be. */
function mailboxes(): string {
  return [...recipients(1), ...recipients(MOST_RECIPIENTS)].map((address) => {
    const [local, domain] = address.split("@");
    return `${address} ${domain}/${local}/\n`;
  }).join("");
}

function mainConfig(site: Site): string {
  const { folder, relayPort, certificate } = site;
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
virtual_mailbox_domains = ${DOMAIN}
virtual_mailbox_base = ${mailFolder(site)}
virtual_mailbox_maps = texthash:${folder}/etc/mailboxes
virtual_uid_maps = static:${NOBODY}
virtual_gid_maps = static:${NOBODY}
message_size_limit = 26214400
${certificate ? tls(certificate) : ""}
`;
}

function tls({ cert, key }: NonNullable<Site["certificate"]>): string {
  return `
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${cert}
smtpd_tls_key_file = ${key}
`;
}

function services({ port }: Site): string {
  return `
${HOST}:${port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
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
