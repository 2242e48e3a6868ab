import type { Clock } from "../ports/clock.ts";

/** A single alarm: of all the times it is set to, it goes off at the earliest. */
export interface Alarm {
  /** Sets it to `time`, milliseconds since the Unix epoch, unless it goes off before. */
  set(time: number): void;
  /** Unsets it. */
  cancel(): void;
}

/** Makes an alarm that runs `task` when it goes off; it may be set again from there. */
export function makeAlarm(clock: Clock, task: () => void): Alarm {
  let pending: { readonly time: number; readonly cancel: () => void } | null =
    null;
  return { set, cancel };

  function set(time: number): void {
    if (pending && pending.time <= time) return;
    cancel();
    const stop = clock.after(Math.max(0, time - clock.now()), () => {
      pending = null;
      task();
    });
    pending = { time, cancel: stop };
  }

  function cancel(): void {
    pending?.cancel();
    pending = null;
  }
}
