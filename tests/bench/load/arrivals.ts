/** Waiting until mail has arrived. */
import { join } from "node:path";
import { mailFolder, type Site } from "./peer.ts";

/** Milliseconds without any arrival after which the rest is given up. */
const PATIENCE = 60_000;

/** Waits until `count` counts so many; resolves with the time when it did, in Unix milliseconds. */
export async function arrival(
  count: () => number,
  expected: number,
): Promise<number> {
  let [last, since] = [-1, Date.now()];
  for (;;) {
    const start = Date.now();
    const found = count();
    const now = Date.now();
    if (found >= expected) return now;
    if (found !== last) [last, since] = [found, now];
    if (now - since > PATIENCE) {
      throw new Error(`${found} of ${expected} messages arrived`);
    }
    // Looking must not take the machine away from those who are looked at.
    const pause = Math.max(10, 10 * (now - start));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Messages in the Maildirs of a site. */
export function countMail(site: Pick<Site, "folder">): number {
  return mailboxesIn(site).reduce(
    (sum, mailbox) => sum + [...Deno.readDirSync(join(mailbox, "new"))].length,
    0,
  );
}

/** The Maildirs of a site, at any depth. */
export function mailboxesIn(site: Pick<Site, "folder">): readonly string[] {
  const find = (folder: string): readonly string[] => {
    const names = [...Deno.readDirSync(folder)]
      .filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
    if (names.includes("new")) return [folder];
    return names.filter((name) => !name.startsWith("."))
      .flatMap((name) => find(join(folder, name)));
  };
  return find(mailFolder(site));
}

/** Messages that the `smtp-sink -c` of a site has received. */
export function countSunk({ folder }: Pick<Site, "folder">): number {
  using file = Deno.openSync(join(folder, "log"));
  const { size } = file.statSync();
  file.seekSync(Math.max(size - 200, 0), Deno.SeekMode.Start);
  const tail = new Uint8Array(200);
  const read = file.readSync(tail) ?? 0;
  const counts = [
    ...new TextDecoder().decode(tail.subarray(0, read))
      .matchAll(/mesg=(\d+)[^\d]/g),
  ];
  return Number(counts.at(-1)?.[1] ?? 0);
}
