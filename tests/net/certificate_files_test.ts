import { assertEquals, assertRejects } from "@std/assert";
import {
  readCertificateFiles,
  usableCertificate,
} from "../../src/net/certificate_files.ts";
import { memoryDisk } from "../store/memory_disk.ts";
import {
  ED25519,
  ED448,
  type Identity,
  MX,
  P384,
  RSA,
  WEAK_FILES,
} from "./certificates.ts";

const NOW = Date.UTC(2026, 10, 23);
const FILES = { cert: "cert.pem", key: "key.pem" };
const WEAK = {
  cert: Deno.readTextFileSync(WEAK_FILES.cert),
  key: Deno.readTextFileSync(WEAK_FILES.key),
};

async function use({ cert, key }: Identity) {
  const disk = memoryDisk();
  disk.put(FILES.cert, cert);
  disk.put(FILES.key, key);
  return await usableCertificate(await readCertificateFiles(FILES, disk), NOW);
}

Deno.test("usableCertificate() takes what TLS takes", async () => {
  for (const identity of [MX, P384, ED25519, RSA]) {
    const { cert, key } = await use(identity);
    assertEquals({ cert, key }, identity);
  }
});

for (
  const [identity, fault] of [
    [WEAK, "key too small"],
    [ED448, "unsupported protocol"],
  ] as const
) {
  Deno.test(`usableCertificate() refuses what is to TLS "${fault}"`, async () => {
    const { message } = await assertRejects(() => use(identity), Error);
    assertEquals(
      message.replace(/error:\w+:SSL routines::/, ""),
      `Cannot use key "key.pem": TLS refuses it (${fault}); keys may be RSA ` +
        "from 2048 bits on, P-256, P-384, P-521 or Ed25519",
    );
  });
}

Deno.test("readCertificateFiles() names the file that isn't there", async () => {
  const disk = memoryDisk();
  const read = () => readCertificateFiles(FILES, disk);
  await assertRejects(read, Error, 'Cannot read "cert.pem": no such file');
  disk.put(FILES.cert, MX.cert);
  await assertRejects(read, Error, 'Cannot read "key.pem": no such file');
});
