import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { makeSelfSigned } from "../../src/net/self_signed.ts";
import { openTlsFiles } from "../../src/net/tls_files.ts";
import { disk } from "../../src/system/disk.ts";
import { heardLog } from "./heard_log.ts";
import { manualClock } from "../log/manual_clock.ts";
import { memoryDisk } from "../store/memory_disk.ts";
import {
  EXPIRED,
  type Identity,
  MX,
  RSA,
  SELF_SIGNED,
} from "./certificates.ts";

const LOOK = 10_000;
const FILES = { cert: "tls/cert.pem", key: "tls/key.pem" };
const OTHER_FILES = { cert: "tls/other.pem", key: "tls/other.pem" };

/** A disk with MX in `FILES`, and a watch over them. */
async function setting(more: Readonly<Record<string, string>> = {}) {
  const clock = manualClock("2026-11-23T09:05:00Z");
  const memory = memoryDisk(clock.now);
  const log = heardLog();
  const put = ({ cert, key }: Partial<Identity>) => {
    if (cert !== undefined) memory.put(FILES.cert, cert);
    if (key !== undefined) memory.put(FILES.key, key);
  };
  put(MX);
  const others = Object.entries(more);
  others.forEach(([path, text]) => memory.put(path, text));
  const files = await openTlsFiles({
    files: [FILES, ...others.map(([path]) => ({ cert: path, key: path }))],
    ...{ disk: memory, clock, log },
  });
  return {
    ...{ clock, log, put, files, memory },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

const RELOADED_SELF_SIGNED = "info certificate reloaded tls/cert.pem " +
  "mx.test.ru,*.wild.test.ru 2119-01-01T00:00:00.000Z";

Deno.test("openTlsFiles() shows the certificate that a name asks for", async () => {
  const other = makeSelfSigned(["mail.test.ru"], Date.UTC(2026, 10, 23));
  await using watch = await setting({
    [OTHER_FILES.cert]: other.cert + other.key,
  });
  const shown = (name?: string) => watch.files.choose(name).cert;
  assertEquals(shown("mail.test.ru"), other.cert);
  assertEquals(shown("x.wild.test.ru"), MX.cert);
  assertEquals(shown("example.com"), MX.cert);
  assertEquals(shown(), MX.cert);
});

Deno.test("openTlsFiles() throws when one of the files can't be used", async () => {
  const clock = manualClock("2026-11-23T09:05:00Z");
  const memory = memoryDisk(clock.now);
  const log = heardLog();
  const open = () =>
    openTlsFiles({ files: [FILES, OTHER_FILES], disk: memory, clock, log });
  await assertRejects(open, Error, 'Cannot read "tls/cert.pem": no such file');
  memory.put(FILES.cert, MX.cert);
  memory.put(FILES.key, MX.key);
  memory.put(OTHER_FILES.cert, EXPIRED.cert + EXPIRED.key);
  await assertRejects(
    open,
    Error,
    'Cannot use certificate "tls/other.pem": it',
  );
  assertEquals(clock.waiting, 0);
});

Deno.test("openTlsFiles() takes over what the files are replaced with", async () => {
  await using watch = await setting();
  const before = watch.files.choose(undefined);
  watch.put(SELF_SIGNED);
  await watch.clock.advance(LOOK - 1);
  assertEquals(watch.files.choose(undefined), before);
  await watch.clock.advance(1);
  assertEquals(await watch.log.next(), RELOADED_SELF_SIGNED);
  const { cert, key } = watch.files.choose("mx.test.ru");
  assertEquals({ cert, key }, SELF_SIGNED);
  assertEquals(before.cert, MX.cert);
});

Deno.test("openTlsFiles() keeps the certificate itself while its files stay the same", async () => {
  await using watch = await setting();
  const before = watch.files.choose(undefined);
  watch.put(MX);
  await watch.clock.advance(3 * LOOK);
  assert(watch.files.choose(undefined) === before);
  assertEquals(watch.log.told, []);
});

Deno.test("openTlsFiles() waits a while for the second of two files", async () => {
  await using watch = await setting();
  watch.put({ cert: SELF_SIGNED.cert });
  await watch.clock.advance(LOOK);
  assertEquals(watch.files.choose(undefined).cert, MX.cert);
  assertEquals(watch.log.told, []);
  watch.put({ key: SELF_SIGNED.key });
  await watch.clock.advance(LOOK);
  assertEquals(await watch.log.next(), RELOADED_SELF_SIGNED);
});

Deno.test("openTlsFiles() keeps what it has when the files go bad, and says so once", async () => {
  const refused = (why: string) =>
    `error certificate not reloaded tls/cert.pem ${why}`;
  await using watch = await setting();
  const before = watch.files.choose(undefined);
  watch.put(EXPIRED);
  await watch.clock.advance(6 * LOOK);
  assertEquals(watch.log.told, [
    refused(
      'Cannot use certificate "tls/cert.pem": it expired at 2021-01-01T00:00:00Z',
    ),
  ]);
  await watch.memory.remove(FILES.cert);
  await watch.clock.advance(6 * LOOK);
  assertEquals(watch.log.told.slice(1), [
    refused('Cannot read "tls/cert.pem": no such file'),
  ]);
  assertEquals(watch.files.choose(undefined), before);
});

Deno.test("openTlsFiles() says anew what goes wrong after it was right", async () => {
  await using watch = await setting();
  for (let round = 0; round < 2; round++) {
    watch.put({ key: RSA.key });
    await watch.clock.advance(2 * LOOK);
    assertEquals(watch.log.told.length, round + 1);
    watch.put(MX);
    await watch.clock.advance(LOOK);
  }
});

Deno.test("openTlsFiles() looks no more when it is disposed", async () => {
  const { clock, files, put, log } = await setting();
  put(SELF_SIGNED);
  await clock.advance(LOOK); // A look is under way.
  await files[Symbol.asyncDispose]();
  assertEquals(await log.next(), RELOADED_SELF_SIGNED);
  assertEquals(clock.waiting, 0);
});

Deno.test({
  name: "openTlsFiles() follows the links that certbot makes",
  ignore: Deno.build.os === "windows", // There a link needs a right of its own.
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const live = join(folder, "live");
      const archive = join(folder, "archive");
      await Deno.mkdir(live);
      await Deno.mkdir(archive);
      const issue = async ({ cert, key }: Identity, number: number) => {
        for (const [name, text] of [["fullchain", cert], ["privkey", key]]) {
          const file = `${name}${number}.pem`;
          const link = join(live, `${name}.pem`);
          await Deno.writeTextFile(join(archive, file), text!);
          await Deno.symlink(join("..", "archive", file), `${link}.new`);
          await Deno.rename(`${link}.new`, link);
        }
      };
      await issue(MX, 1);
      const clock = manualClock("2026-11-23T09:05:00Z");
      const log = heardLog();
      const files = [{
        cert: join(live, "fullchain.pem"),
        key: join(live, "privkey.pem"),
      }];
      await using watch = await openTlsFiles({ files, disk, clock, log });
      await issue(SELF_SIGNED, 2);
      await clock.advance(LOOK);
      await log.next();
      assertEquals(watch.choose(undefined).cert, SELF_SIGNED.cert);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
