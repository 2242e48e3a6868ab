import { fileURLToPath } from "node:url";

/** Where the code of a thread is, and what it is called. */
export interface ThreadCode {
  /** The URL of a module that is part of the program. */
  readonly url: string;
  readonly name: string;
}

/** Another thread, as who started it knows it. */
export interface Thread<Said> {
  /** Sends it a copy of something, but of `octets`, which it has from now on and we don't. */
  say(what: Said, octets?: readonly ArrayBuffer[]): void;
  /** Ends it, whatever it is doing. */
  end(): void;
}

/** Whoever started the thread that this is, as it knows it. */
export interface Starter<Heard, Said> {
  /** Calls `hear` with all that is said to this thread, one thing after another. */
  listen(hear: (what: Heard) => void): void;
  /** Sends a copy of something. */
  say(what: Said): void;
}

/**
 * Starts a thread. A thread reads its code from where the program is: `undefined` where the sandbox
 * doesn't allow that.
 */
export async function startThread<Said, Heard>(
  { url, name }: ThreadCode,
  { heard, broken }: {
    /** Called with all that the thread says, one thing after another. */
    readonly heard: (what: Heard) => void;
    /** Called when it has thrown, and is no more. */
    readonly broken: (why: string) => void;
  },
): Promise<Thread<Said> | undefined> {
  const path = fileURLToPath(url);
  const { state } = await Deno.permissions.query({ name: "read", path });
  if (state !== "granted") return undefined;
  const worker = new Worker(url, { type: "module", name });
  worker.onmessage = ({ data }: MessageEvent<Heard>) => heard(data);
  worker.onerror = (event) => {
    event.preventDefault();
    broken(event.message);
  };
  return {
    say: (what, octets = []) => worker.postMessage(what, [...octets]),
    end: () => worker.terminate(),
  };
}

/** What a worker finds in its global scope, as far as it is used here. */
interface WorkerScope<Heard, Said> {
  readonly name?: string;
  onmessage: (event: { readonly data: Heard }) => void;
  postMessage(what: Said): void;
}

/** Whoever started this thread, if it is the one of that name. */
export function starterOf<Heard, Said>(
  { name }: ThreadCode,
): Starter<Heard, Said> | undefined {
  const scope = globalThis as unknown as WorkerScope<Heard, Said>;
  if (scope.name !== name) return undefined;
  return {
    listen: (hear) => scope.onmessage = ({ data }) => hear(data),
    say: (what) => scope.postMessage(what),
  };
}
