import { dirname } from "node:path";
import type { Flag } from "../config/flags.ts";
import { type Places, placesIn } from "../config/places.ts";
import { makeSelfSigned } from "../net/self_signed.ts";
import { replaceFile } from "../store/atomic.ts";
import { clock } from "../system/clock.ts";
import { disk } from "../system/disk.ts";
import { readArguments } from "./load.ts";
import { readAction } from "./operands.ts";
import type { Terminal } from "./terminal.ts";

const ACTIONS = {
  "self-signed": {
    synopsis: "tls self-signed [--hostname NAME] [--domain NAME]… [--force]",
    least: 0,
    most: 0,
  },
};

const FORCE: Flag = { name: "force", takes: "nothing" };

/** `smtpd tls self-signed`: makes a certificate and its key for tests. */
export async function tls(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { settings, flags } = await readArguments(args, {
    settings: ["hostname", "domains", "mailDir"],
    flags: [FORCE],
    operands: Infinity,
  });
  readAction(flags.operands, ACTIONS);
  const { hostname, domains, mailDir } = settings;
  const places = placesIn(mailDir);
  if (!flags.given.has(FORCE.name)) await requireNone(places);

  const names = new Set(
    [...(hostname === undefined ? [] : [hostname]), ...domains, "localhost"],
  );
  const { cert, key, notAfter } = makeSelfSigned([...names], clock.now());
  await disk.makeFolder(dirname(places.certificate));
  await write(places.certificateKey, key);
  await write(places.certificate, cert);

  const until = new Date(notAfter).toISOString().slice(0, 10);
  terminal.out(
    `Made a certificate for ${[...names].join(", ")}, until ${until}`,
  );
  terminal.out(
    `Flags to use it: --tls-cert "${places.certificate}" --tls-key "${places.certificateKey}"`,
  );
  terminal.out(
    "It is good for tests: no client trusts it before it is told to trust cert.pem.",
  );
  terminal.out(
    "For the internet, get one that clients trust already, such as Let's Encrypt's.",
  );
  return 0;
}

/** Throws when there is a certificate or a key already. */
async function requireNone(
  { certificate, certificateKey }: Places,
): Promise<void> {
  for (const path of [certificate, certificateKey]) {
    if (await disk.stat(path)) {
      throw new Error(
        `Cannot make a certificate: "${path}" is there already; --force replaces it`,
      );
    }
  }
}

function write(path: string, text: string): Promise<void> {
  return replaceFile(path, new TextEncoder().encode(text), disk);
}
