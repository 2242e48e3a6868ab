import type { Disk } from "../ports/disk.ts";
import { tryCertificate } from "./certificate_trial.ts";
import type { PemFile } from "./pem_file.ts";
import type {
  CertificatePair,
  DatedCertificate,
} from "./server_certificate.ts";
import { readServerCertificate } from "./server_certificate.ts";

/** Paths of a certificate and its key, which may be the same. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Reads both files. Throws when one is missing, and what the disk throws. */
export async function readCertificateFiles(
  { cert, key }: CertificateFiles,
  disk: Disk,
): Promise<CertificatePair> {
  return { cert: await read(cert, disk), key: await read(key, disk) };
}

async function read(path: string, disk: Disk): Promise<PemFile> {
  const contents = await disk.read(path);
  if (!contents) throw new Error(`Cannot read "${path}": no such file`);
  return { path, contents };
}

/**
 * The certificate in two files, if a server can use it now: `readServerCertificate` takes it, and
 * so does TLS. Throws in a line that names the file and says what to do when not.
 *
 * @param now Milliseconds since the Unix epoch.
 */
export async function usableCertificate(
  files: CertificatePair,
  now: number,
): Promise<DatedCertificate> {
  const certificate = readServerCertificate(files, now);
  const trial = await tryCertificate(certificate);
  if (trial.usable) return certificate;
  throw new Error(
    `Cannot use key "${files.key.path}": TLS refuses it (${trial.why}); keys may be ` +
      "RSA from 2048 bits on, P-256, P-384, P-521 or Ed25519",
  );
}
