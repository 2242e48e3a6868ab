/** Where the servers keep their files: none is to pay for what another left. */
import { join } from "node:path";
import { output } from "./programs.ts";

/** The folder that all runs have theirs in. Disposing of it removes it. */
export interface Ground extends AsyncDisposable {
  /** Makes the folder of a run. */
  folder(): Promise<string>;
}

/**
 * Opens a ground in the system's folder for temporary files.
 *
 * ext4 doesn't use the number of a removed file again for a minute or five, and who makes files in that
 * part of the disk meanwhile searches past all such numbers: it takes half as long again. So each run
 * has a part of the disk for itself (`chattr +T`, where there is such a thing), and nothing is removed
 * before the end.
 */
export async function openGround(): Promise<Ground> {
  const path = await Deno.makeTempDir({ prefix: "smtpd-bench-" });
  await Deno.chmod(path, 0o755);
  await output("chattr", "+T", path).catch(() => {}); // Other file systems have other troubles.
  let count = 0;
  return {
    async folder() {
      const folder = join(path, `${++count}`);
      await Deno.mkdir(folder);
      return folder;
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
