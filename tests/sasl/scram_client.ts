import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

/** A client of SCRAM-SHA-256 (RFC 5802 §3), written apart from the server it is played against. */
export interface ScramClient {
  /** The message that begins. */
  readonly first: string;
  /** The answer to the server's first message. */
  final(serverFirst: string): string;
  /** Whether the server's last message proves that it knows this user. */
  trusts(serverFinal: string): boolean;
}

/** What to deviate in from an honest client. */
export interface ScramClientOptions {
  readonly name: string;
  readonly password: string;
  readonly nonce?: string;
  /** The GS2 header. */
  readonly header?: string;
}

export function scramClient(options: ScramClientOptions): ScramClient {
  const { name, password, nonce = "fyko+d2lbbFgONRv9qkxdawL" } = options;
  const { header = "n,," } = options;
  const bare = `n=${name},r=${nonce}`;
  let signature = "";

  return {
    first: header + bare,
    final(serverFirst) {
      const [r, s, i] = serverFirst.split(",").map((part) => part.slice(2));
      const salt = Buffer.from(s!, "base64");
      const salted = pbkdf2Sync(password, salt, Number(i), 32, "sha256");
      const clientKey = hmac(salted, "Client Key");
      const storedKey = createHash("sha256").update(clientKey).digest();
      const binding = Buffer.from(header).toString("base64");
      const message = [bare, serverFirst, `c=${binding}`, `r=${r}`].join(",");
      const mask = hmac(storedKey, message);
      const proof = clientKey.map((octet, at) => octet ^ mask[at]!);
      signature = hmac(hmac(salted, "Server Key"), message).toString("base64");
      return `c=${binding},r=${r},p=${Buffer.from(proof).toString("base64")}`;
    },
    trusts: (serverFinal) => serverFinal === `v=${signature}`,
  };
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
