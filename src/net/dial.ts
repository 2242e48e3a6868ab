import {
  type Endpoint,
  formatEndpoint,
  tcpTransport,
  type Transport,
} from "./transport.ts";

/** A connection that could not be had, and why, in words for people. */
export interface Failed {
  readonly failed: string;
}

/** `Deno.connect`, as far as it is needed here. */
export type Connect = (
  options: {
    readonly hostname: string;
    readonly port: number;
    readonly signal: AbortSignal;
  },
) => Promise<Deno.TcpConn>;

/** How to connect. */
export interface DialOptions {
  /** Ends the attempt before its time. */
  readonly signal?: AbortSignal;
  readonly connect?: Connect;
}

/**
 * Connects over TCP, within `limit` milliseconds. What is written leaves at once (no Nagle). Never
 * throws.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dial } from "./dial.ts";
 *
 * // Where nobody listens any more.
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const { port } = listener.addr;
 * listener.close();
 *
 * assertEquals(
 *   await dial({ address: "127.0.0.1", port }, 5000),
 *   { failed: "connection refused" },
 * );
 * ```
 */
export async function dial(
  endpoint: Endpoint,
  limit: number,
  { signal: stop, connect = Deno.connect }: DialOptions = {},
): Promise<Transport | Failed> {
  const { address, port } = endpoint;
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), limit);
  const signal = stop ? AbortSignal.any([stop, abort.signal]) : abort.signal;
  try {
    const conn = await connect({ hostname: address, port, signal });
    conn.setNoDelay(true);
    return tcpTransport(conn);
  } catch (cause) {
    if (stop?.aborted) return { failed: "given up, as this server stops" };
    if (abort.signal.aborted) return { failed: "timed out" };
    return { failed: reason(cause, endpoint) };
  } finally {
    clearTimeout(timer);
  }
}

function reason(cause: unknown, endpoint: Endpoint): string {
  if (cause instanceof Deno.errors.NotCapable) {
    const where = formatEndpoint(endpoint);
    return `the sandbox doesn't let us: start with --allow-net=${where}`;
  }
  if (!(cause instanceof Error)) return String(cause);
  const { code, message } = cause as Error & { code?: string };
  return REASONS[code ?? ""] ?? message.replace(/ \(os error \d+\)$/, "");
}

/** By the system's name for the error, the same on Linux, macOS and Windows. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "forbidden by this machine",
  EADDRNOTAVAIL: "no port or address left to connect from",
  ECONNABORTED: "connection aborted",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network unreachable",
  EPERM: "forbidden by this machine",
  ETIMEDOUT: "timed out",
};
