/** A mail provider: a server with users who log in, and with a certificate of its own. */
import { dirname, join } from "node:path";
import { placesIn } from "../../src/config/places.ts";
import { HOST, mailFolder, type Program, smtpd, start } from "./program.ts";
import { type RemoteServer, startRemote } from "./remote_server.ts";
import { filesUnder } from "./stored_mail.ts";

/** One who has a mailbox at a provider. */
export interface Person {
  readonly address: string;
  readonly password: string;
}

/** Whose mail goes to petya is also sent to info@test.ru. */
export const PETYA: Person = {
  address: "petya@test.ru",
  password: "correct horse",
};
export const MASHA: Person = {
  address: "masha@test.ru",
  password: "battery/staple?",
};

/** A provider that runs. */
export interface Provider extends Program {
  /** The certificate that it shows, which clients have to trust. */
  readonly certificate: { readonly path: string; readonly pem: string };
  /** Where its mail for elsewhere.test goes. */
  readonly elsewhere: RemoteServer;
}

/** Starts a provider with a port of each kind, from which nobody but users may relay. */
export async function startProvider(
  ...args: readonly string[]
): Promise<Provider> {
  await using starting = new AsyncDisposableStack();
  const { mailDir } = starting.use(await mailFolder());
  await furnish(mailDir);
  const elsewhere = starting.use(startRemote());
  const { certificate: path, certificateKey } = placesIn(mailDir);
  const program = starting.use(
    await start(
      mailDir,
      ...["--hostname", "mx.test.ru", "--domain", "test.ru"],
      ...["--relay-from", "none", "--allow", "127.0.0.0/8"],
      ...["--submission-port", "0", "--submissions-port", "0"],
      ...["--tls-cert", path, "--tls-key", certificateKey],
      ...["--route", `elsewhere.test=${HOST}:${elsewhere.port}`],
      ...args,
    ),
  );
  const started = starting.move();
  return {
    ...program,
    certificate: { path, pem: Deno.readTextFileSync(path) },
    elsewhere,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Puts users, an alias and a certificate into a mail folder, as subcommands make them. */
export async function furnish(mailDir: string): Promise<void> {
  for (const [path, content] of await (furniture ??= makeFurniture())) {
    const place = join(mailDir, path);
    await Deno.mkdir(dirname(place), { recursive: true });
    await Deno.writeFile(place, content, { mode: 0o600 });
  }
}

type Furniture = ReadonlyMap<string, Uint8Array>;

/** Made once for all tests of a file. */
let furniture: Promise<Furniture> | undefined;

async function makeFurniture(): Promise<Furniture> {
  await using folder = await mailFolder();
  const { mailDir } = folder;
  const run = async (args: readonly string[], input = "") => {
    const { code, error } = await smtpd(mailDir, args, { input });
    if (code !== 0) throw new Error(error);
  };
  for (const { address, password } of [PETYA, MASHA]) {
    await run(["user", "add", address, "--password-stdin"], `${password}\n`);
  }
  await run(["alias", "add", "info@test.ru", PETYA.address]);
  const names = ["--hostname", "mx.test.ru", "--domain", "test.ru"];
  await run(["tls", "self-signed", ...names]);
  return new Map(
    filesUnder(mailDir).map((path) => [
      path,
      Deno.readFileSync(join(mailDir, path)),
    ]),
  );
}
