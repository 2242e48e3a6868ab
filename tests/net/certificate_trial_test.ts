import { assertEquals } from "@std/assert";
import { tryCertificate } from "../../src/net/certificate_trial.ts";
import { AUTHORITY, ED448, type Identity, MX, RSA } from "./certificates.ts";

const trial = (identity: Identity, caCerts?: readonly string[]) =>
  tryCertificate({ ...identity, names: [] }, caCerts);

Deno.test("tryCertificate() tells whether an authority stands behind a certificate", async () => {
  assertEquals(await trial(MX), { usable: true, trusted: false });
  assertEquals(await trial(MX, [AUTHORITY]), { usable: true, trusted: true });
  assertEquals(await trial(RSA, [AUTHORITY]), { usable: true, trusted: false });
});

Deno.test("tryCertificate() tells of a key that TLS doesn't take", async () => {
  assertEquals((await trial(ED448)).usable, false);
});
