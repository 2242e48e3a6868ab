import { join } from "node:path";
import { makeSelfSigned } from "../../../src/net/self_signed.ts";
import type { Certificate } from "./peer.ts";

/** Makes a certificate in a folder. */
export async function makeCertificate(folder: string): Promise<Certificate> {
  const { cert, key } = makeSelfSigned(["localhost"], Date.now());
  const paths = {
    cert: join(folder, "cert.pem"),
    key: join(folder, "key.pem"),
  };
  await Deno.writeTextFile(paths.cert, cert);
  await Deno.writeTextFile(paths.key, key, { mode: 0o600 });
  return paths;
}
