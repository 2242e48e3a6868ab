/** What a shell reports of a program that Ctrl+C ended: 128 + 2. */
const INTERRUPTED = 130;

/** What asks a program to stop. Windows has no SIGTERM; closing the window sends SIGBREAK. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * Calls `stop` at a signal that asks the program to stop. The second of the same kind ends the
 * program at once; of another kind it may be an echo, as `deno run --watch` makes of Ctrl+C.
 * Disposing of the result gives the signals back to the system.
 */
export function onStopSignal(stop: () => void): Disposable {
  const listeners = SIGNALS.map((signal) => {
    let asked = false;
    const listener = () => {
      if (asked) Deno.exit(INTERRUPTED);
      asked = true;
      stop();
    };
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  return {
    [Symbol.dispose]() {
      for (const remove of listeners) remove();
    },
  };
}
