import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import {
  type Endpoint,
  endpoint,
  formatEndpoint,
  tcpTransport,
  type Transport,
} from "./transport.ts";

/** Ports that listen. */
export interface Listener {
  /** Where, as the system says: the port is the real one even if 0 was asked for. */
  readonly addresses: readonly Endpoint[];
  /**
   * Hands every connection to `serve` until the listener is closed, then resolves. A failing accept
   * is logged and does not end it.
   */
  accept(serve: (transport: Transport) => void): Promise<void>;
  /** Stops listening; connections that were accepted live on. Twice is once. */
  close(): void;
}

/**
 * Starts to listen.
 *
 * @throws {Error} With a message that says what to do: the port is taken, needs rights, …
 */
export function listen(
  { host, port, setting, clock, log }: {
    /** An address of this machine; `::` stands for all of them, IPv6 and IPv4. */
    readonly host: string;
    /** 0 lets the system pick one. */
    readonly port: number;
    /** The setting that chose the port, for messages. */
    readonly setting: string;
    readonly clock: Clock;
    readonly log: Log;
  },
): Listener {
  const listeners = bindAll({ host, port, setting });
  let open = true;
  return {
    addresses: listeners.map(({ addr }) => endpoint(addr as Deno.NetAddr)),
    async accept(serve) {
      await Promise.all(
        listeners.map((listener) =>
          acceptFrom(listener, serve, { clock, log })
        ),
      );
    },
    close() {
      if (!open) return;
      open = false;
      for (const listener of listeners) listener.close();
    },
  };
}

/** Where to listen, and what chose it. */
interface Place {
  readonly host: string;
  readonly port: number;
  readonly setting: string;
}

/**
 * Binds one socket or two. A socket on `::` takes IPv4 as well on Linux and macOS but not on
 * Windows, and there may be no IPv6 at all.
 */
function bindAll(place: Place): readonly Deno.TcpListener[] {
  const { host, port } = place;
  if (host !== "::") return [bind(place)];
  let both: Deno.TcpListener;
  try {
    both = Deno.listen({ hostname: host, port });
  } catch (cause) {
    if (isInTheWay(cause)) throw explain(place, cause);
    return [bind({ ...place, host: "0.0.0.0" })];
  }
  if (Deno.build.os !== "windows") return [both];
  return [both, bind({ ...place, host: "0.0.0.0", port: both.addr.port })];
}

/** Whether another address family would fare no better. */
function isInTheWay(cause: unknown): boolean {
  return cause instanceof Deno.errors.AddrInUse ||
    cause instanceof Deno.errors.PermissionDenied ||
    cause instanceof Deno.errors.NotCapable;
}

function bind(place: Place): Deno.TcpListener {
  try {
    return Deno.listen({ hostname: place.host, port: place.port });
  } catch (cause) {
    throw explain(place, cause);
  }
}

/** A missing permission of the sandbox explains itself. */
function explain(place: Place, cause: unknown): unknown {
  if (cause instanceof Deno.errors.NotCapable) return cause;
  const { host: address, port } = place;
  const where = formatEndpoint({ address, port });
  return new Error(`Cannot listen on ${where}: ${reason(place, cause)}`, {
    cause,
  });
}

function reason({ port, setting }: Place, cause: unknown): string {
  if (cause instanceof Deno.errors.AddrInUse) {
    return "another program uses the port; stop it or choose another with " +
      `--${setting}`;
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return port < 1024
      ? "ports below 1024 need administrator rights; grant them or choose " +
        `another with --${setting} 2525`
      : "the system forbids it";
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address; see --host";
  }
  return cause instanceof Error ? cause.message : String(cause);
}

/** Milliseconds to rest after a failed accept, so that running out of files doesn't spin. */
const REST = 100;

async function acceptFrom(
  listener: Deno.TcpListener,
  serve: (transport: Transport) => void,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  for (;;) {
    try {
      for await (const conn of listener) {
        letGoAtOnce(conn);
        serve(tcpTransport(conn));
      }
      return;
    } catch (cause) {
      // The iterator ends by itself only when the listener is closed.
      if (isPeersDoing(cause)) continue;
      log.warn("accept failed", { error: String(cause) });
      await new Promise<void>((resume) => clock.after(REST, resume));
    }
  }
}

/**
 * Has what is written leave at once. It would wait until the client, who takes up to 40 ms over it,
 * says that what went before has come: after a TLS handshake that are tickets that nobody asked for.
 */
function letGoAtOnce(conn: Deno.TcpConn): void {
  try {
    conn.setNoDelay(true);
  } catch {
    // The client is gone already, and whoever reads finds out.
  }
}

/** A client that leaves before it is accepted must not slow down the others. */
function isPeersDoing(cause: unknown): boolean {
  return cause instanceof Deno.errors.NotConnected ||
    cause instanceof Deno.errors.ConnectionReset ||
    cause instanceof Deno.errors.ConnectionAborted;
}
