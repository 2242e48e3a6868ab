import { dirname, join } from "node:path";
import { HOST } from "./host.ts";
import { launch } from "./launch.ts";
import { DOMAIN, mailFolder, type Peer, type Site } from "./peer.ts";
import { findPrograms, output, programPath } from "./programs.ts";

/** The user whom it delivers as. */
const USER = "nobody";

/** Messages it takes over one connection: as it comes, 100, after which it sends clients away. */
const MOST_MAILS = 1_000_000;

/** Where it listens to orders, while it runs. There can be one only. */
const CONTROL_SOCKET = "/var/run/smtpd.sock";

/**
 * OpenSMTPD with a configuration of its own. Its queue is where it always is: /var/spool/smtpd. It
 * hangs up on clients that pipeline, and on TLS with a key on an elliptic curve, as ours is.
 * It asks DNS about each client, and is slow where nobody answers.
 */
export const opensmtpd: Peer = {
  name: "opensmtpd",
  can: ["deliver", "relay"],
  async find() {
    const found = await findPrograms(["smtpctl"], version);
    if ("absent" in found) return found;
    if (Deno.uid() !== 0) return { absent: "only root can start it" };
    return await runs() ? { absent: "one runs already" } : found;
  },
  async start(site) {
    await output("install", "-d", "-o", USER, mailFolder(site));
    const path = join(site.folder, "smtpd.conf");
    await Deno.writeTextFile(path, configuration(site));
    return await launch({ program: daemon(), args: ["-d", "-f", path] }, site);
  },
};

/** The daemon, beside what controls it: ours, which may be installed too, has the same name. */
function daemon(): string {
  return join(dirname(programPath("smtpctl")!), "smtpd");
}

async function version(): Promise<string> {
  const said = await output(
    "sh",
    "-c",
    '"$0" -h 2>&1; :',
    daemon(),
  );
  return /OpenSMTPD (\S+)/.exec(said)?.[1] ?? "unknown";
}

async function runs(): Promise<boolean> {
  try {
    const conn = await Deno.connect({
      transport: "unix",
      path: CONTROL_SOCKET,
    });
    conn.close();
    return true;
  } catch {
    return false;
  }
}

function configuration(site: Site): string {
  const { port, relayPort } = site;
  const maildir = `${mailFolder(site)}/%{rcpt.domain}/%{rcpt.user}`;
  return `
smtp max-message-size 25M
smtp limit max-mails ${MOST_MAILS}
listen on ${HOST} port ${port}
action "local" maildir "${maildir}" user "${USER}" virtual { "@" = "${USER}" }
action "out" relay host "smtp://${HOST}:${relayPort}"
match from any for domain "${DOMAIN}" action "local"
match from any for any action "out"
`;
}
