import type { CertificateFiles } from "./certificate_files.ts";
import { chooseCertificate } from "./server_certificate.ts";
import type { ChooseCertificate } from "./tls_server.ts";
import type { WatchedCertificate, WatchPorts } from "./watched_certificate.ts";
import { watchCertificate } from "./watched_certificate.ts";

/** What certificates are opened with. */
export interface TlsFilesOptions extends WatchPorts {
  /** One or more; the first is for clients that name no server, or none of ours. */
  readonly files: readonly CertificateFiles[];
}

/** The certificates of a server, as their files have them now. Disposing ends the watch over these. */
export interface TlsFiles extends AsyncDisposable {
  /** The certificate to show to a client that asks for a server of this name. */
  readonly choose: ChooseCertificate;
}

/** Time between two looks at the files, in milliseconds. */
const INTERVAL = 10_000;

/**
 * Reads certificates and looks after their files, every ten seconds: what has been replaced is used
 * from then on, by who connects then. Throws when one can't be used, in a line that names the file
 * and says what to do.
 */
export async function openTlsFiles(
  { files, ...ports }: TlsFilesOptions,
): Promise<TlsFiles> {
  if (files.length === 0) {
    throw new TypeError("Cannot open TLS files: none given");
  }
  const certificates: WatchedCertificate[] = [];
  for (const each of files) {
    certificates.push(await watchCertificate(each, ports));
  }
  let closed = false;
  let looking: Promise<void> | undefined;
  let cancel = wait();

  function wait(): () => void {
    return ports.clock.after(INTERVAL, () => void (looking = lookAtAll()));
  }

  async function lookAtAll(): Promise<void> {
    for (const each of certificates) await each.look();
    if (!closed) cancel = wait();
  }

  return {
    choose: (serverName) =>
      chooseCertificate(certificates.map(({ current }) => current), serverName),
    async [Symbol.asyncDispose]() {
      closed = true;
      cancel();
      await looking;
    },
  };
}
