import type { TlsFilePair } from "../config/settings.ts";
import { isFor } from "../net/certificate.ts";
import {
  readCertificateFiles,
  usableCertificate,
} from "../net/certificate_files.ts";
import { tryCertificate } from "../net/certificate_trial.ts";
import type { DatedCertificate } from "../net/server_certificate.ts";
import { RENEWAL_OVERDUE } from "../net/watched_certificate.ts";
import { type Findings, findingsOf, warning } from "./check_finding.ts";
import { isLocal, isWithinReach } from "./check_networks.ts";
import type { Subject } from "./check_subject.ts";

/** What certificates are looked at with. */
export interface CertificateSubject
  extends Pick<Subject, "settings" | "disk" | "clock"> {
  /** Authorities that clients trust, each in PEM, in place of Mozilla's list. */
  readonly caCerts?: readonly string[];
}

/** Tries the certificates as clients would. */
export async function checkCertificates(
  subject: CertificateSubject,
): Promise<Findings> {
  const { settings: { tlsFiles }, disk, clock } = subject;
  const certificates: DatedCertificate[] = [];
  const findings: Findings[] = [];
  for (const files of tlsFiles) {
    findings.push(
      await findingsOf(async () => {
        const certificate = await usableCertificate(
          await readCertificateFiles(files, disk),
          clock.now(),
        );
        certificates.push(certificate);
        return [
          ...checkDate(files, certificate, subject),
          ...await checkTrust(files, certificate, subject),
        ];
      }),
    );
  }
  return [...findings.flat(), ...checkNames(certificates, subject)];
}

function checkDate(
  { cert }: TlsFilePair,
  { notAfter }: DatedCertificate,
  { clock }: CertificateSubject,
): Findings {
  if (notAfter - clock.now() > RENEWAL_OVERDUE) return [];
  const day = new Date(notAfter).toISOString().slice(0, 10);
  return warning(
    `Certificate "${cert}" expires on ${day}; see why it was not renewed`,
  );
}

/** Whether an authority stands behind it, which takes all the certificates in between. */
async function checkTrust(
  { cert }: TlsFilePair,
  certificate: DatedCertificate,
  { settings, caCerts }: CertificateSubject,
): Promise<Findings> {
  if (!isWithinReach(settings)) return [];
  const trial = await tryCertificate(certificate, caCerts);
  return trial.usable && trial.trusted ? [] : warning(
    `No mail client trusts "${cert}" by itself, for it leads to no authority ` +
      "that they know; if one signed it, give the file with the whole chain " +
      "(certbot's fullchain.pem)",
  );
}

function checkNames(
  certificates: readonly DatedCertificate[],
  { settings }: CertificateSubject,
): Findings {
  const { hostname } = settings;
  if (certificates.length === 0 || isLocal(hostname)) return [];
  const domains = certificates.flatMap(({ names }) => names);
  return isFor({ domains, addresses: [] }, hostname) ? [] : warning(
    `No certificate is for ${hostname}, but for ${domains.join(", ")}; mail ` +
      "clients must use one of these names, or refuse it",
  );
}
