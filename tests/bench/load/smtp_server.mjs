// npm's smtp-server as one would write a mail server with it: each message is a file of its own in
// a Maildir, synced, before it is acknowledged.
import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

const { folder, port, mail, sessions, certificate } = JSON.parse(
  process.argv[2],
);
const { SMTPServer } = createRequire(join(folder, "package.json"))(folder);

const server = new SMTPServer({
  authOptional: true,
  size: 26_214_400,
  maxClients: sessions + 100,
  disableReverseLookup: true,
  disabledCommands: certificate ? ["AUTH"] : ["AUTH", "STARTTLS"],
  ...(certificate && {
    cert: await readFile(certificate.cert),
    key: await readFile(certificate.key),
  }),
  async onData(stream, session, callback) {
    try {
      const pieces = [];
      for await (const piece of stream) pieces.push(piece);
      const text = Buffer.concat(pieces);
      const addresses = session.envelope.rcptTo.map(({ address }) => address);
      await Promise.all(addresses.map((address) => store(address, text)));
      callback();
    } catch (cause) {
      callback(cause);
    }
  },
});
server.listen(port, "127.0.0.1");

const folders = new Map();

/** The Maildir of an address. */
function maildir(address) {
  const [local, domain] = address.split("@");
  const path = join(mail, domain, local);
  if (!folders.has(path)) folders.set(path, make(path));
  return folders.get(path);
}

async function make(path) {
  for (const name of ["tmp", "new", "cur"]) {
    await mkdir(join(path, name), { recursive: true });
  }
  return path;
}

async function store(address, text) {
  const path = await maildir(address);
  const name = `${Math.floor(Date.now() / 1000)}.${randomUUID()}.localhost`;
  const file = await open(join(path, "tmp", name), "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(join(path, "tmp", name), join(path, "new", name));
  const names = await open(join(path, "new"));
  try {
    await names.sync();
  } finally {
    await names.close();
  }
}
