import { launch } from "./launch.ts";
import { mailFolder, type Peer } from "./peer.ts";
import { output, programPath } from "./programs.ts";

const VERSION = "import aiosmtpd; print(aiosmtpd.__version__)";

/** Python's aiosmtpd, storing each message as a file that is synced. */
export const aiosmtpd: Peer = {
  name: "aiosmtpd",
  can: ["deliver", "tls", "pipeline", "crowd"],
  async find() {
    try {
      return { version: await output("python3", "-c", VERSION) };
    } catch {
      return { absent: "no module aiosmtpd for Python" };
    }
  },
  async start(site) {
    const mail = mailFolder(site);
    await Deno.mkdir(mail);
    const { port, certificate } = site;
    const plan = JSON.stringify({ port, mail, certificate });
    const { pathname } = new URL("aiosmtpd_server.py", import.meta.url);
    const program = programPath("python3")!;
    return await launch({ program, args: [pathname, plan] }, site);
  },
};
