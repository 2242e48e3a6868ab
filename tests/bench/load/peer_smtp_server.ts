import { launch } from "./launch.ts";
import { mailFolder, type Peer } from "./peer.ts";
import { findPackage, programPath } from "./programs.ts";

const PACKAGE = "smtp-server";

/** npm's `smtp-server` on Node, storing each message as a file that is synced. */
export const smtpServer: Peer = {
  name: PACKAGE,
  can: ["deliver", "tls", "pipeline", "crowd"],
  async find() {
    const found = await findPackage(PACKAGE);
    return found ?? { absent: `no package ${PACKAGE} for Node` };
  },
  async start(site) {
    const found = await findPackage(PACKAGE);
    if (found === undefined) throw new Error(`No package ${PACKAGE}`);
    const { port, sessions, certificate } = site;
    const mail = mailFolder(site);
    await Deno.mkdir(mail);
    const { folder } = found;
    const plan = JSON.stringify({ folder, port, mail, sessions, certificate });
    const { pathname } = new URL("smtp_server.mjs", import.meta.url);
    const program = programPath("node")!;
    return await launch({ program, args: [pathname, plan] }, site);
  },
};
