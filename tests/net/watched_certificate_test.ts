import { assertEquals } from "@std/assert";
import { makeSelfSigned } from "../../src/net/self_signed.ts";
import { watchCertificate } from "../../src/net/watched_certificate.ts";
import { memoryDisk } from "../store/memory_disk.ts";
import { heardLog } from "./heard_log.ts";

const DAY = 86_400_000;
const PATH = "tls.pem";

/** A watch over a certificate that was made `age` days ago. */
async function setting(age: number) {
  let now = Date.UTC(2026, 10, 23);
  const clock = { now: () => now, after: () => () => {} };
  const disk = memoryDisk();
  const log = heardLog();
  const renew = (made: number) => {
    const { cert, key } = makeSelfSigned(["mx.test.ru"], made);
    disk.put(PATH, cert + key);
  };
  renew(now - age * DAY);
  const files = { cert: PATH, key: PATH };
  const watched = await watchCertificate(files, { disk, clock, log });
  return {
    log,
    renew: () => renew(now),
    async lookAfter(time: number) {
      now += time;
      await watched.look();
    },
  };
}

const FACTS = "tls.pem mx.test.ru 2026-12-07T23:00:00.000Z";
const SOON = `warn certificate expires soon ${FACTS}`;
const OVER = `warn certificate has expired ${FACTS}`;

Deno.test("watchCertificate() warns once a day of a certificate that expires, and has", async () => {
  const { log, lookAfter } = await setting(382); // 15 days less an hour are left.
  assertEquals(log.told, []);
  await lookAfter(DAY);
  assertEquals(log.told, [SOON]);
  await lookAfter(DAY - 1);
  assertEquals(log.told, [SOON]);
  await lookAfter(1);
  assertEquals(log.told, [SOON, SOON]);
  await lookAfter(13 * DAY);
  assertEquals(log.told, [SOON, SOON, OVER]);
});

Deno.test("watchCertificate() warns no more when the certificate is renewed", async () => {
  const { log, renew, lookAfter } = await setting(384);
  assertEquals(log.told.length, 1);
  renew();
  await lookAfter(DAY);
  assertEquals(log.told.length, 2);
  assertEquals(
    log.told[1],
    "info certificate reloaded tls.pem mx.test.ru 2027-12-24T23:00:00.000Z",
  );
  await lookAfter(DAY);
  assertEquals(log.told.length, 2);
});

Deno.test("watchCertificate() warns at once of a renewal that is overdue itself", async () => {
  const { log, renew, lookAfter } = await setting(0);
  renew();
  assertEquals(log.told, []);
  await lookAfter(384 * DAY);
  const [reloaded, warned] = log.told;
  assertEquals(
    reloaded?.split(" ").slice(0, 3).join(" "),
    "info certificate reloaded",
  );
  assertEquals(
    warned?.split(" ").slice(0, 4).join(" "),
    "warn certificate expires soon",
  );
});
