import { createHash, createHmac, randomBytes } from "node:crypto";
import type { ScramMeans } from "../sasl/scram_server.ts";

/** What SCRAM-SHA-256 needs of the world, done by the runtime. Its nonces have 144 bits. */
export const scramMeans: ScramMeans = {
  nonce: () => randomBytes(18).toString("base64"),
  sha256: (octets) =>
    new Uint8Array(createHash("sha256").update(octets).digest()),
  hmac: (key, octets) =>
    new Uint8Array(createHmac("sha256", key).update(octets).digest()),
};
