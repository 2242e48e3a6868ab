import type { Clock } from "../ports/clock.ts";

/** A connection that can wait. */
export interface PooledSession {
  /** Whether it is of any use; one that was over when last used isn't. */
  readonly isOpen: boolean;
  /** Takes leave of the server and lets go of the connection. Never throws. */
  quit(): Promise<void>;
}

/** Connections that wait for more mail to the same server. */
export interface RemotePool<Session extends PooledSession> {
  /** Takes a connection out, if one is there; the server may have given it up meanwhile. */
  take(key: string): Session | undefined;
  /** Puts a connection in, for a while. One that isn't open is passed over. */
  put(key: string, session: Session): void;
  /**
   * Takes leave of all servers, and resolves when that is done. Connections put in later are ended
   * at once.
   */
  close(): Promise<void>;
}

/** How long connections wait, and how many. */
export interface PoolOptions {
  readonly clock: Clock;
  /** Milliseconds: servers don't like guests who only sit there. */
  readonly patience?: number;
  /** Connections kept at most. */
  readonly most?: number;
}

/**
 * Makes an empty pool. What isn't taken out within `patience` is ended, and so is what comes when
 * there are `most` already.
 */
export function makeRemotePool<Session extends PooledSession>(
  { clock, patience = 2000, most = 100 }: PoolOptions,
): RemotePool<Session> {
  const idle = new Map<string, Idle<Session>[]>();
  const leaving = new Set<Promise<void>>();
  let size = 0;
  let closed = false;

  return {
    take(key) {
      // The one used last is the least likely to have been given up by the server.
      const found = idle.get(key)?.at(-1);
      if (found) remove(key, found);
      return found?.session;
    },

    put(key, session) {
      if (!session.isOpen) return;
      if (closed || size >= most) leave(session);
      else add(key, session);
    },

    async close() {
      closed = true;
      for (const [key, entries] of [...idle]) {
        for (const entry of [...entries]) {
          remove(key, entry);
          leave(entry.session);
        }
      }
      await Promise.all(leaving);
    },
  };

  function add(key: string, session: Session): void {
    const entry: Idle<Session> = {
      session,
      cancel: clock.after(patience, () => {
        remove(key, entry);
        leave(session);
      }),
    };
    const entries = idle.get(key);
    if (entries) entries.push(entry);
    else idle.set(key, [entry]);
    size++;
  }

  function remove(key: string, entry: Idle<Session>): void {
    entry.cancel();
    const entries = idle.get(key)!;
    entries.splice(entries.indexOf(entry), 1);
    if (entries.length === 0) idle.delete(key);
    size--;
  }

  function leave(session: Session): void {
    const left: Promise<void> = session.quit().finally(() =>
      leaving.delete(left)
    );
    leaving.add(left);
  }
}

interface Idle<Session> {
  readonly session: Session;
  readonly cancel: () => void;
}
