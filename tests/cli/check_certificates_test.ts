import { assertEquals, assertMatch } from "@std/assert";
import { checkCertificates } from "../../src/cli/check_certificates.ts";
import {
  AUTHORITY,
  EXPIRED,
  type Identity,
  MX,
  SELF_SIGNED,
} from "../net/certificates.ts";
import { memoryDisk } from "../store/memory_disk.ts";
import { linesOf, settingsOf } from "./check_fakes.ts";

/** What is said of one certificate, or two, on a day. */
async function said(
  identities: readonly Identity[],
  { day = "2030-01-01", flags = ["--hostname", "mx.test.ru"] } = {},
): Promise<readonly string[]> {
  const disk = memoryDisk();
  const files = identities.flatMap(({ cert, key }, index) => {
    disk.put(`/${index}.pem`, cert);
    disk.put(`/${index}.key`, key);
    return ["--tls-cert", `/${index}.pem`, "--tls-key", `/${index}.key`];
  });
  const findings = await checkCertificates({
    settings: settingsOf([...files, ...flags]),
    disk,
    clock: { now: () => Date.parse(day), after: () => () => {} },
    caCerts: [AUTHORITY],
  });
  return linesOf(findings);
}

const UNTRUSTED = 'warning: No mail client trusts "/0.pem" by itself, for it ' +
  "leads to no authority that they know; if one signed it, give the file with the " +
  "whole chain (certbot's fullchain.pem)";

Deno.test("checkCertificates() finds nothing in one that clients take", async () => {
  assertEquals(await said([MX]), []);
  assertEquals(await said([]), []);
});

Deno.test("checkCertificates() calls one that can't be used a problem, each", async () => {
  const lines = await said([EXPIRED, { ...MX, key: SELF_SIGNED.key }]);
  assertEquals(lines.length, 2);
  assertMatch(
    lines[0]!,
    /^problem: Cannot use certificate "\/0\.pem": it expired/,
  );
  assertMatch(
    lines[1]!,
    /^problem: Cannot use key "\/1\.key": it is not the key/,
  );
});

Deno.test("checkCertificates() calls a missing file a problem", async () => {
  const settings = settingsOf(["--tls-cert", "/none.pem"]);
  const clock = { now: () => 0, after: () => () => {} };
  const disk = memoryDisk();
  assertEquals(linesOf(await checkCertificates({ settings, disk, clock })), [
    'problem: Cannot read "/none.pem": no such file',
  ]);
});

Deno.test("checkCertificates() warns two weeks before the end", async () => {
  const lines = await said([MX], { day: "2118-12-20" });
  assertMatch(lines[0] ?? "", /expires on 2119-01-01; see why/);
});

Deno.test("checkCertificates() warns of one without an authority", async () => {
  assertEquals(await said([SELF_SIGNED]), [UNTRUSTED]);
  const local = ["--hostname", "mx.test.ru", "--host", "127.0.0.1"];
  assertEquals(await said([SELF_SIGNED], { flags: local }), []);
});

Deno.test("checkCertificates() warns when none has the name of the host", async () => {
  const named = (hostname: string) =>
    said([MX], { flags: ["--hostname", hostname] });
  assertEquals(await named("a.wild.test.ru"), []);
  assertEquals(await named("localhost"), []);
  assertEquals(await named("mail.test.ru"), [
    "warning: No certificate is for mail.test.ru, but for mx.test.ru, " +
    "*.wild.test.ru; mail clients must use one of these names, or refuse it",
  ]);
});
