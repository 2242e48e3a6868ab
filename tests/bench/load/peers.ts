import type { Found, Peer } from "./peer.ts";
import { aiosmtpd } from "./peer_aiosmtpd.ts";
import { haraka } from "./peer_haraka.ts";
import { opensmtpd } from "./peer_opensmtpd.ts";
import { postfix } from "./peer_postfix.ts";
import { smtpServer } from "./peer_smtp_server.ts";
import { smtpSink } from "./peer_smtp_sink.ts";

/** The servers that ours is compared with, where they are installed. */
export const PEERS: readonly Peer[] = [
  postfix,
  smtpSink,
  smtpServer,
  haraka,
  opensmtpd,
  aiosmtpd,
];

/** A server and whether it is installed. */
export interface Sought {
  readonly peer: Peer;
  readonly found: Found;
}

/** Looks for servers. */
export function seek(peers: readonly Peer[]): Promise<readonly Sought[]> {
  return Promise.all(
    peers.map(async (peer) => ({ peer, found: await peer.find() })),
  );
}
