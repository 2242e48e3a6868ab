import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  decoyKeys,
  hashForScram,
  readScramCredential,
} from "../../src/store/scram_credential.ts";
import { scramMeans } from "../../src/store/scram_means.ts";

const SALT = Uint8Array.fromBase64("W22ZaJ0SNY7soEsUEjb6gQ==");

Deno.test("hashForScram() makes the keys of RFC 7677 §3", async () => {
  // Those of `pencil` by Python's hashlib.
  const credential = await hashForScram("pencil", SALT, 4096);
  assertEquals(
    credential,
    "scram-sha-256$4096$W22ZaJ0SNY7soEsUEjb6gQ==$" +
      "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=$" +
      "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});

Deno.test("hashForScram() makes the client work 65,536 times, as much as Cyrus SASL bears", async () => {
  const keys = readScramCredential(await hashForScram("pencil", SALT));
  assertEquals(keys?.iterations, 65_536);
});

Deno.test("hashForScram() takes a password however it is typed", async () => {
  const hash = (password: string) => hashForScram(password, SALT, 4096);
  assertEquals(
    await hash("caf\u00e9 IX"),
    await hash("cafe\u0301\u00a0\u2168"),
  );
  assertNotEquals(await hash("caf\u00e9"), await hash("cafe"));
});

Deno.test("readScramCredential() refuses what is malformed or too weak", () => {
  const key = "A".repeat(43) + "=";
  const short = "A".repeat(40);
  const credentials = {
    [`scram-sha-256$4096$AAAA$${key}$${key}`]: true,
    [`scram-sha-256$9999999$AAAA$${key}$${key}`]: true,
    [`scram-sha-256$4095$AAAA$${key}$${key}`]: false,
    [`scram-sha-256$10000000$AAAA$${key}$${key}`]: false,
    [`scram-sha-256$4096$$${key}$${key}`]: false,
    [`scram-sha-256$4096$AAA$${key}$${key}`]: false,
    [`scram-sha-256$4096$AAAA$${short}$${key}`]: false,
    [`scram-sha-256$4096$AAAA$${key}$${short}`]: false,
    [`scram-sha-256$4096$AAAA$${key}$${key}$`]: false,
    [`scram-sha-256$4096$AAAA$${key}`]: false,
    [`scram-sha-1$4096$AAAA$${key}$${key}`]: false,
    "scram-sha-256": false,
  };
  for (const [credential, valid] of Object.entries(credentials)) {
    assertEquals(
      readScramCredential(credential) !== undefined,
      valid,
      credential,
    );
  }
});

Deno.test("decoyKeys() look like a user's, the same for a name each time", async () => {
  const secret = new Uint8Array(32);
  const decoy = decoyKeys("petya@test.ru", secret);
  const usual = readScramCredential(
    await hashForScram("12345", new Uint8Array(16)),
  )!;
  assertEquals(decoyKeys("petya@test.ru", secret), decoy);
  assertEquals(decoy.iterations, usual.iterations);
  assertEquals(decoy.salt.length, usual.salt.length);
  assertEquals(decoy.storedKey.length, usual.storedKey.length);
  assertEquals(decoy.serverKey.length, usual.serverKey.length);
  assertNotEquals(decoy.salt, decoyKeys("vasya@test.ru", secret).salt);
  assertNotEquals(decoy.salt, decoyKeys("petya@test.ru", SALT).salt);
});

Deno.test("scramMeans make nonces of printable characters that never repeat", () => {
  const nonces = Array.from({ length: 100 }, scramMeans.nonce);
  assert(nonces.every((nonce) => /^[!-+\--~]{24}$/.test(nonce)));
  assertEquals(new Set(nonces).size, 100);
});
