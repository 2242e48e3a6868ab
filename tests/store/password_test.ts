import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  decoyCredential,
  hashPassword,
  isPassword,
  isScrypt,
} from "../../src/store/password.ts";

const CHEAP = { cost: 1024, blockSize: 8, parallelization: 16 };

Deno.test("hashPassword() agrees with the test vector of RFC 7914 §12", async () => {
  const salt = new TextEncoder().encode("NaCl");
  const credential = await hashPassword("password", salt, CHEAP);
  // The first 32 of its 64 octets.
  const hash = Uint8Array.fromHex(
    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162",
  ).toBase64();
  assertEquals(credential, `scrypt$1024$8$16$TmFDbA==$${hash}`);
});

Deno.test("isPassword() takes a password in any Unicode composition", async () => {
  const credential = await hashPassword("caf\u00E9", new Uint8Array(16), CHEAP);
  assert(await isPassword("cafe\u0301", credential));
  assert(!await isPassword("cafe", credential));
});

Deno.test("isPassword() checks what other costs have made", async () => {
  const credential = await hashPassword("12345", new Uint8Array(16), {
    cost: 16,
    blockSize: 1,
    parallelization: 1,
  });
  assert(await isPassword("12345", credential));
});

Deno.test("decoyCredential() can be checked and is nobody's", async () => {
  assert(!await isPassword("", decoyCredential(CHEAP)));
});

Deno.test("isPassword() throws at a credential that is not scrypt", async () => {
  await assertRejects(() => isPassword("12345", "scram$1"), TypeError);
});

Deno.test("isScrypt() refuses what is malformed or would cost too much", () => {
  const hash = "A".repeat(43) + "=";
  const credentials = {
    [`scrypt$1024$8$1$AAAA$${hash}`]: true,
    [`scrypt$262144$8$1$AAAA$${hash}`]: true,
    [`scrypt$524288$8$1$AAAA$${hash}`]: false,
    [`scrypt$1024$8$17$AAAA$${hash}`]: false,
    [`scrypt$1000$8$1$AAAA$${hash}`]: false,
    [`scrypt$1$8$1$AAAA$${hash}`]: false,
    [`scrypt$0$8$1$AAAA$${hash}`]: false,
    [`scrypt$1024$0$1$AAAA$${hash}`]: false,
    [`scrypt$1024$8$0$AAAA$${hash}`]: false,
    [`scrypt$1024$8$1$AAAAA$${hash}`]: false,
    [`scrypt$1024$8$1$AAAA$AAAA`]: false,
    [`scrypt$1024$8$1$$${hash}`]: false,
    [`bcrypt$1024$8$1$AAAA$${hash}`]: false,
    "scrypt": false,
  };
  for (const [credential, valid] of Object.entries(credentials)) {
    assertEquals(isScrypt(credential), valid, credential);
  }
});
