import { join } from "node:path";
import { HOST } from "./host.ts";
import { launch } from "./launch.ts";
import { mailFolder, type Peer, type Site } from "./peer.ts";
import { findPackage, output, programPath } from "./programs.ts";

const PACKAGE = "Haraka";

/**
 * Haraka on Node, with a plugin that stores each message as a file that is synced. Its queue for
 * mail to other domains isn't synced, so it doesn't relay here.
 */
export const haraka: Peer = {
  name: "haraka",
  can: ["deliver", "tls", "pipeline", "crowd"],
  async find() {
    const found = await findPackage(PACKAGE);
    return found ?? { absent: `no package ${PACKAGE} for Node` };
  },
  async start(site) {
    const found = await findPackage(PACKAGE);
    if (found === undefined) throw new Error(`No package ${PACKAGE}`);
    const own = join(site.folder, "haraka");
    await prepare(own, found.folder, site);
    const program = join(found.folder, "bin", "haraka");
    const args = [program, "-c", own];
    return await launch({ program: programPath("node")!, args }, site);
  },
};

/** Makes its folder as `haraka -i` does, with our settings and the plugin. */
async function prepare(
  folder: string,
  original: string,
  site: Site,
): Promise<void> {
  const config = join(folder, "config");
  const plugins = join(folder, "plugins");
  for (const path of [plugins, mailFolder(site)]) {
    await Deno.mkdir(path, { recursive: true });
  }
  await output("cp", "-R", join(original, "config"), config);
  const plugin = new URL("haraka_maildir.cjs", import.meta.url);
  await Deno.copyFile(plugin, join(plugins, "maildir.js"));
  for (const [name, text] of Object.entries(configuration(site))) {
    await Deno.writeTextFile(join(config, name), text);
  }
}

function configuration(site: Site): Readonly<Record<string, string>> {
  const { port, certificate } = site;
  return {
    "me": "localhost\n",
    "smtp.ini": `listen=${HOST}:${port}\nnodes=0\n`,
    "plugins": certificate ? "tls\nmaildir\n" : "maildir\n",
    "maildir.json": JSON.stringify({ mail: mailFolder(site) }),
    ...(certificate &&
      { "tls.ini": `key=${certificate.key}\ncert=${certificate.cert}\n` }),
  };
}
