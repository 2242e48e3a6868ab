/** Who is at the other end of a connection, and who is at ours. */
export interface Endpoint {
  /** IP address without brackets; an IPv4 address that came in by IPv6 is written as IPv4. */
  readonly address: string;
  readonly port: number;
}

/**
 * A byte pipe to a peer: all that the rest of the program knows of the network. Never throws: there
 * are many ways for a connection to break, and nothing to be done about any of them.
 */
export interface Transport extends Disposable {
  readonly peer: Endpoint;
  readonly local: Endpoint;
  /** Reads what there is, at least an octet; `null` when no more comes or the connection broke. */
  read(into: Uint8Array<ArrayBuffer>): Promise<number | null>;
  /** Sends all of `bytes`; `false` when the connection broke. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<boolean>;
  /** Closes the connection, which ends reads and writes that wait; twice is once. */
  [Symbol.dispose](): void;
}

/** A TCP connection as a transport. */
export function tcpTransport(conn: Deno.TcpConn): Transport {
  return new TcpTransport(conn);
}

/** A class, for thousands of them have to fit: a closure for each method would take as much again. */
class TcpTransport implements Transport {
  readonly peer: Endpoint;
  readonly local: Endpoint;
  readonly #conn: Deno.TcpConn;
  #open = true;

  constructor(conn: Deno.TcpConn) {
    this.peer = endpoint(conn.remoteAddr);
    this.local = endpoint(conn.localAddr);
    this.#conn = conn;
  }

  read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    return this.#conn.read(into).catch(gone);
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    try {
      let sent = await this.#conn.write(bytes);
      while (sent < bytes.length) {
        sent += await this.#conn.write(bytes.subarray(sent));
      }
      return true;
    } catch {
      return false;
    }
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#conn.close();
  }
}

const gone = () => null;

/**
 * An endpoint as text: `127.0.0.1:4242`, `[::1]:4242`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatEndpoint } from "./transport.ts";
 *
 * assertEquals(formatEndpoint({ address: "::1", port: 25 }), "[::1]:25");
 * ```
 */
export function formatEndpoint({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** An endpoint as Deno has it. */
export function endpoint({ hostname, port }: Deno.NetAddr): Endpoint {
  // RFC 4291 §2.5.5.2: what a dual-stack socket makes of an IPv4 peer.
  const ipv4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(hostname)?.[1];
  return { address: ipv4 ?? hostname, port };
}
