/** What openssl sees of the server's TLS. */
import { assert, assertMatch } from "@std/assert";
import { join } from "node:path";
import { placesIn } from "../../src/config/places.ts";
import {
  HOST,
  mailFolder,
  type Program,
  runCommand,
  SERVER,
  start,
} from "./program.ts";
import { hasOpenSsl3, program } from "./programs.ts";
import { furnish } from "./provider.ts";
import { queuedId, sendMail } from "./smtp_client.ts";

const ignore = !hasOpenSsl3();

/** How openssl is to connect. */
interface Visit {
  readonly setting: "port" | "submissions-port";
  readonly version: "1_1" | "1_2" | "1_3";
  /** A file with the certificate to trust. */
  readonly trust: string;
  /** The server to ask for. */
  readonly name?: string | undefined;
}

/** What openssl tells of a visit, and what the server says in it. */
async function visit(
  server: Program,
  { setting, version, trust, name }: Visit,
): Promise<string> {
  const { out, error } = await runCommand(
    program(
      "openssl",
      ...["s_client", "-brief", "-crlf", "-ign_eof", `-tls${version}`],
      ...["-connect", `${HOST}:${server.portOf(setting)}`],
      ...setting === "port" ? ["-starttls", "smtp"] : [],
      ...["-CAfile", trust],
      ...name === undefined ? ["-noservername"] : ["-servername", name],
    ),
    "QUIT\n",
  );
  return `${error}\n${out}`;
}

const SETTINGS = ["port", "submissions-port"] as const;
const VERSIONS = ["1_2", "1_3"] as const;

function certificateFile(name: string): string {
  return join(import.meta.dirname!, "../net/certificates", name);
}

Deno.test({
  name: "smtpd speaks TLS 1.2 and 1.3 to openssl, with an RSA key",
  ignore,
  fn: async () => {
    await using folder = await mailFolder();
    const trust = certificateFile("rsa.pem");
    await using server = await start(
      folder.mailDir,
      ...[...SERVER, "--submissions-port", "0"],
      ...["--tls-cert", trust, "--tls-key", certificateFile("rsa.key")],
    );
    for (const setting of SETTINGS) {
      for (const version of VERSIONS) {
        const told = await visit(server, { setting, version, trust });
        assertMatch(told, PROTOCOLS[version]);
        assertMatch(told, /^Peer certificate: CN = mx\.test\.ru$/m);
        assertMatch(told, /^Signature type: RSA-PSS$/m);
        assertMatch(told, /^Verification: OK$/m);
        assertMatch(told, /^221 2\.0\.0 test\.ru closing connection\r?$/m);
      }
      const old = await visit(server, { setting, version: "1_1", trust });
      assert(!old.includes("ESTABLISHED"), old);
    }
  },
});

/** With forward secrecy, and by a cipher that is up to date. */
const PROTOCOLS = {
  "1_2":
    /^Protocol version: TLSv1\.2\nCiphersuite: ECDHE-RSA-(?:AES\d+-GCM|CHACHA20)-/m,
  "1_3": /^Protocol version: TLSv1\.3\nCiphersuite: TLS_/m,
};

Deno.test({
  name: "smtpd shows openssl the certificate that it asks for",
  ignore,
  fn: async () => {
    await using folder = await mailFolder();
    await furnish(folder.mailDir);
    const { certificate, certificateKey } = placesIn(folder.mailDir);
    await using server = await start(
      folder.mailDir,
      ...[...SERVER, "--submissions-port", "0"],
      ...["--tls-cert", certificate, "--tls-key", certificateKey],
      ...["--tls-cert", certificateFile("mx.pem")],
      ...["--tls-key", certificateFile("mx.key")],
    );
    const authority = certificateFile("authority.pem");
    const asked = [
      ["mx.test.ru", certificate],
      ["test.ru", certificate],
      ["one.wild.test.ru", authority],
      ["two.one.wild.test.ru", certificate],
      ["unknown.test", certificate],
      [undefined, certificate],
    ] as const;
    for (const [index, [name, trust]] of asked.entries()) {
      const setting = SETTINGS[index % SETTINGS.length]!;
      const version = VERSIONS[index % VERSIONS.length]!;
      const told = await visit(server, { setting, version, trust, name });
      assertMatch(told, /^Verification: OK$/m, name);
    }
  },
});

Deno.test({
  name: "smtpd without a certificate lets openssl's TLS fail at once",
  ignore,
  fn: async () => {
    await using folder = await mailFolder();
    await using server = await start(folder.mailDir, ...SERVER);
    const trust = certificateFile("rsa.pem");
    const told = await visit(server, {
      setting: "port",
      version: "1_3",
      trust,
    });
    assert(!told.includes("ESTABLISHED"), told);
    const { out, error } = await runCommand(
      program("openssl", "s_client", "-connect", `${HOST}:${server.port}`),
      "",
    );
    assertMatch(`${out}\n${error}`, /wrong version number/);
    queuedId(await sendMail(server.port));
  },
});
