import type { Clock } from "../ports/clock.ts";

/** The longest delay `setTimeout` takes, in milliseconds; it runs at once for longer ones. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** The machine's own time. Delays may be of any length. */
export const clock: Clock = { now: Date.now, after };

function after(delay: number, task: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  wait(delay);
  return () => clearTimeout(timer);

  function wait(left: number): void {
    timer = left > LONGEST_DELAY
      ? setTimeout(() => wait(left - LONGEST_DELAY), LONGEST_DELAY)
      : setTimeout(task, left);
  }
}
