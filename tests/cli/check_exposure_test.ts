import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { checkExposure, systemModes } from "../../src/cli/check_exposure.ts";
import { temporaryFolder } from "../queue/fakes.ts";
import { linesOf, settingsOf } from "./check_fakes.ts";

const UNIX = { ignore: Deno.build.os === "windows" };

/** Rights by path; those of the folders above, too, unless they are missing. */
type Rights = Readonly<Record<string, number>>;

async function said(
  rights: Rights,
  { links = {}, config }: {
    /** Where a path really leads. */
    readonly links?: Readonly<Record<string, string>>;
    readonly config?: object;
  } = {},
): Promise<readonly string[]> {
  const flags = ["--mail-dir", "/srv/mail", "--tls-cert", "/tls/cert.pem"];
  const keys = ["--tls-key", "/tls/key.pem"];
  const findings = await checkExposure({
    settings: settingsOf([...flags, ...keys], config),
    config: config && "/etc/smtpd.json",
    modes: {
      realPath: (path) => Promise.resolve(links[path] ?? path),
      modeOf: (path) => Promise.resolve(rights[path]),
    },
  });
  return linesOf(findings);
}

function open(path: string, what: string): string {
  return `warning: "${path}" ${what} every user of this machine may read it; ` +
    "chmod o= keeps them out";
}

const KEY = open("/tls/key.pem", "has a private key, and");

Deno.test(
  "checkExposure() finds nothing in files that only some may read",
  UNIX,
  async () => {
    assertEquals(
      await said({
        "/tls/key.pem": 0o640,
        "/tls/cert.pem": 0o644,
        "/srv/mail": 0o750,
        "/srv/mail/.smtpd/users": 0o600,
      }),
      [],
    );
  },
);

Deno.test("checkExposure() finds nothing in files that aren't there", async () => {
  assertEquals(await said({}), []);
});

Deno.test("checkExposure() names what everybody may read", UNIX, async () => {
  const rights = {
    "/tls/key.pem": 0o644,
    "/srv/mail": 0o755,
    "/srv/mail/.smtpd/users": 0o604,
    "/etc/smtpd.json": 0o644,
    "/etc/secret": 0o444,
  };
  const login = { domain: "a.test", host: "mx.test", user: "me" };
  const config = {
    route: [
      { ...login, "password-file": "/etc/secret" },
      { ...login, domain: "b.test", "password-file": "/etc/secret" },
      { ...login, domain: "c.test", password: "12345" },
    ],
  };
  assertEquals(await said(rights, { config }), [
    open("/etc/secret", "has a password, and"),
    open("/etc/smtpd.json", "has a password, and"),
    KEY,
    open("/srv/mail/.smtpd/users", "has hashed passwords, and"),
    open("/srv/mail", "is the mail folder, and"),
  ]);
  assertEquals(await said(rights, { config: { route: [] } }), [
    KEY,
    open("/srv/mail/.smtpd/users", "has hashed passwords, and"),
    open("/srv/mail", "is the mail folder, and"),
  ]);
});

Deno.test(
  "checkExposure() looks at the folders on the way, too",
  UNIX,
  async () => {
    const key = { "/tls/key.pem": 0o644 };
    assertEquals(await said({ ...key, "/tls": 0o700, "/": 0o755 }), []);
    assertEquals(await said({ ...key, "/tls": 0o711, "/": 0o755 }), [KEY]);
  },
);

Deno.test(
  "checkExposure() follows links, as certbot makes them",
  UNIX,
  async () => {
    const links = { "/tls/key.pem": "/archive/key1.pem" };
    const closed = { "/tls/key.pem": 0o777, "/archive/key1.pem": 0o600 };
    assertEquals(await said(closed, { links }), []);
    const rights = { "/tls": 0o700, "/archive/key1.pem": 0o644 };
    assertEquals(await said(rights, { links }), [KEY]);
  },
);

Deno.test("systemModes has what the files say", UNIX, async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "file");
  const link = join(folder.path, "link");
  await Deno.writeTextFile(file, "");
  await Deno.chmod(file, 0o604);
  await Deno.symlink(file, link);
  assertEquals(
    await systemModes.modeOf(file).then((mode) => mode! & 0o777),
    0o604,
  );
  assertEquals(await systemModes.realPath(link), await Deno.realPath(file));
  assertEquals(await systemModes.modeOf(join(folder.path, "none")), undefined);
  assertEquals(
    await systemModes.realPath(join(folder.path, "none")),
    undefined,
  );
});
