/** Stored messages as they are, octet by octet. */
import { join } from "node:path";
import { eventually } from "./patience.ts";
import { filesUnder } from "./stored_mail.ts";

/** Reads octets as text, each a character of its own. */
export const LATIN1 = new TextDecoder("latin1");

/** The messages in every `new` under a folder, in no order. */
export function newMails(folder: string): readonly string[] {
  return filesUnder(folder).filter((path) => path.includes("/new/"))
    .map((path) => LATIN1.decode(Deno.readFileSync(join(folder, path))));
}

/** The message that is new under a folder after `send`. */
export async function arrival(
  folder: string,
  send: () => Promise<void>,
): Promise<string> {
  const before = new Set(newMails(folder));
  await send();
  const arrived = () => newMails(folder).filter((mail) => !before.has(mail));
  await eventually(() => arrived().length > 0, "a message");
  return arrived()[0]!;
}
