/** A server that can be measured, ours or another. */
import { join } from "node:path";

/** What a server can do, beyond taking mail. */
export type Ability =
  /** Keeps each message in a file of its own, synced, in a Maildir. */
  | "deliver"
  /** Sends mail on through a queue that survives a crash. */
  | "relay"
  /** STARTTLS. */
  | "tls"
  /** Commands that don't wait for replies (RFC 2920). */
  | "pipeline"
  /** Thousands of sessions at once. */
  | "crowd"
  /** Keeps its queue and its mail in a way that the bench knows how to fill. */
  | "fill";

/** A kind of server. */
export interface Peer {
  readonly name: string;
  readonly can: readonly Ability[];
  /** Whether it is installed. */
  find(): Promise<Found>;
  /** Starts one; resolves when it has greeted. */
  start(site: Site): Promise<Running>;
}

/** The version of what is installed, or what is missing. */
export type Found = { readonly version: string } | { readonly absent: string };

/** Where a server runs, and for what. */
export interface Site {
  /** An empty folder for all its files. */
  readonly folder: string;
  /** The port to listen on, at 127.0.0.1. */
  readonly port: number;
  /** The port of the server at 127.0.0.1 that gets the mail for other domains. */
  readonly relayPort: number;
  /** Sessions that it must be able to hold at once. */
  readonly sessions: number;
  /** Files in PEM, when it is to offer STARTTLS. */
  readonly certificate?: Certificate;
}

/** A certificate and the key to it: the paths of two files in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A server that runs. Disposing of it stops it. */
export interface Running extends AsyncDisposable {
  /** Its first process, the ancestor of all others. */
  readonly pid: number;
  /** Milliseconds from its start to its first greeting. */
  readonly startedIn: number;
}

/** The domain whose mail a server keeps, every name of it. */
export const DOMAIN = "test.ru";

/** Where on a site a server keeps mail: Maildirs, at any depth. */
export function mailFolder(site: Pick<Site, "folder">): string {
  return join(site.folder, "mail");
}
