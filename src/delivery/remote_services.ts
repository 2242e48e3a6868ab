import type { Endpoint, Transport } from "../net/transport.ts";
import type { Disk } from "../ports/disk.ts";
import type { TimeLimits } from "../ports/time_limits.ts";
import type { ClientStep } from "../smtp/client_step.ts";

/** A server that a connection is open to. */
export interface RemotePeer {
  /** For the record and for reports: `mx.another.ru [192.0.2.1]:25`. */
  readonly name: string;
  /** The name its certificate should bear; an IP address where no name is known. */
  readonly host: string;
  readonly transport: Transport;
}

/** A connection under TLS, or why there is none. */
export type Secured =
  | {
    readonly transport: Transport;
    /** Whether the certificate is the host's by somebody we trust. */
    readonly verified: boolean;
  }
  | { readonly failed: string };

/** The record of one session. */
export interface RemoteDialogue {
  add(lines: readonly string[]): void;
  close(): void;
}

/** What speaking to other servers takes. */
export interface RemoteServices {
  /** Connects within `limit` milliseconds. Never throws. */
  readonly dial: (
    endpoint: Endpoint,
    limit: number,
  ) => Promise<Transport | { readonly failed: string }>;
  /**
   * Does the TLS handshake as the client; it fails on a certificate that isn't valid or the host's
   * if it has to be `verified`. Never throws.
   */
  readonly secure: (
    transport: Transport,
    options: { readonly host: string; readonly verified: boolean },
  ) => Promise<Secured>;
  /** Starts the record of a session. */
  readonly record: (
    session: { readonly id: string; readonly peer: string },
  ) => RemoteDialogue;
  readonly nextId: () => string;
  readonly timeLimits: TimeLimits;
  /** Milliseconds that each step may take. */
  readonly limits: Readonly<Record<ClientStep | "connect", number>>;
  readonly disk: Pick<Disk, "stream">;
}
