import manifest from "../../../deno.json" with { type: "json" };
import { HOST } from "./host.ts";
import { launch } from "./launch.ts";
import { DOMAIN, mailFolder, type Peer, type Site } from "./peer.ts";

/** The project's folder. */
const ROOT = new URL("../../../", import.meta.url);

/** The name of our program in the results. */
export const OURS = "smtpd";

/**
 * Our program as users run it: by the task `start`, with its own settings but for where it listens
 * and whose mail it keeps; the dialogues are recorded, the log goes to a file.
 */
export const smtpd: Peer = {
  name: OURS,
  can: ["deliver", "relay", "tls", "pipeline", "crowd", "fill"],
  find: () =>
    Promise.resolve({
      version: `${manifest.version}, Deno ${Deno.version.deno}`,
    }),
  start(site) {
    const [, ...task] = manifest.tasks.start.command.split(" ");
    const args = [...task, ...settings(site)];
    return launch({ program: Deno.execPath(), args, cwd: ROOT.pathname }, site);
  },
};

function settings(site: Site): readonly string[] {
  const { certificate, port, relayPort, sessions } = site;
  return [
    ...["--host", HOST, "--port", `${port}`, "--mail-dir", mailFolder(site)],
    ...["--domain", DOMAIN, "--accept", "domain"],
    ...["--route", `*=${HOST}:${relayPort}`],
    ...(sessions > 100 ? crowd(sessions) : []),
    ...(certificate
      ? ["--tls-cert", certificate.cert, "--tls-key", certificate.key]
      : []),
  ];
}

/** More sessions than the default settings let in. */
function crowd(sessions: number): readonly string[] {
  const most = `${sessions + 100}`;
  return ["--max-connections", most, "--max-connections-per-ip", most];
}
