import { HOST } from "./host.ts";
import { launch } from "./launch.ts";
import type { Peer, Site } from "./peer.ts";
import { findPrograms, programPath } from "./programs.ts";
import { postfix } from "./peer_postfix.ts";

/** Postfix's `smtp-sink`, which throws mail away: the ceiling for those who keep it. */
export const smtpSink: Peer = {
  name: "smtp-sink",
  can: [],
  find: () => findPrograms(["smtp-sink"], postfixVersion),
  start: startSmtpSink,
};

/** Starts a `smtp-sink`; given `-c`, it counts in the site's `log` what it has received. */
export function startSmtpSink(
  site: Pick<Site, "port" | "folder">,
  ...flags: readonly string[]
): ReturnType<typeof launch> {
  // As root it wants to be told who else to be.
  const user = Deno.uid() === 0 ? ["-u", "postfix"] : [];
  const args = [...user, ...flags, `${HOST}:${site.port}`, "1000"];
  return launch({ program: programPath("smtp-sink")!, args }, site);
}

async function postfixVersion(): Promise<string> {
  const found = await postfix.find();
  return "version" in found ? `Postfix ${found.version}` : "of Postfix";
}
