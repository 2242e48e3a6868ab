import type { Clock } from "../ports/clock.ts";
import type { Disk } from "../ports/disk.ts";
import type { Log, LogFields } from "../ports/log.ts";
import type { CertificateFiles } from "./certificate_files.ts";
import {
  readCertificateFiles,
  usableCertificate,
} from "./certificate_files.ts";
import type {
  CertificatePair,
  DatedCertificate,
} from "./server_certificate.ts";

/** The ports that files of certificates are watched through. */
export interface WatchPorts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

/** A certificate whose files others may replace at any time. */
export interface WatchedCertificate {
  /** The last that could be used. */
  readonly current: DatedCertificate;
  /**
   * Takes over what has become of the files if it can be used, and logs it. What can't be used is
   * logged, once, when it is still so at the next look: a key may be written after its
   * certificate. Once a day it is logged that the certificate expires soon, or has. Never throws.
   */
  look(): Promise<void>;
}

/** How many looks at files must have failed before it is told. */
const FAILURES = 2;

const DAY = 24 * 3_600_000;

/** From so long before its end on, in milliseconds, a certificate should have been renewed. */
export const RENEWAL_OVERDUE: number = 14 * DAY;

/** Starts to watch the files of a certificate. Throws when they can't be used this first time. */
export async function watchCertificate(
  files: CertificateFiles,
  { disk, clock, log }: WatchPorts,
): Promise<WatchedCertificate> {
  let inUse = await readCertificateFiles(files, disk);
  let current = await usableCertificate(inUse, clock.now());
  let failures = 0;
  /** The last failure told. */
  let told: string | undefined;
  let warnedAt = -Infinity;

  async function refresh(): Promise<void> {
    const found = await readCertificateFiles(files, disk);
    if (same(found, inUse)) return;
    current = await usableCertificate(found, clock.now());
    inUse = found;
    warnedAt = -Infinity;
    log.info("certificate reloaded", facts());
  }

  function warn(): void {
    const now = clock.now();
    const left = current.notAfter - now;
    if (left > RENEWAL_OVERDUE || now - warnedAt < DAY) return;
    warnedAt = now;
    log.warn(
      left > 0 ? "certificate expires soon" : "certificate has expired",
      facts(),
    );
  }

  function facts(): LogFields {
    return {
      path: files.cert,
      names: current.names.join(","),
      expires: new Date(current.notAfter).toISOString(),
    };
  }

  warn();
  return {
    get current() {
      return current;
    },
    async look() {
      try {
        await refresh();
        failures = 0;
        told = undefined;
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        failures++;
        if (failures >= FAILURES && why !== told) {
          log.error("certificate not reloaded", { path: files.cert, why });
          told = why;
        }
      }
      warn();
    },
  };
}

function same(one: CertificatePair, other: CertificatePair): boolean {
  return equal(one.cert.contents, other.cert.contents) &&
    equal(one.key.contents, other.key.contents);
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length &&
    one.every((octet, index) => octet === other[index]);
}
