/** Time, as the rest of the program may know it; a simulated one stands in for it in tests. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /**
   * Runs `task` once, `delay` milliseconds from now or a little later.
   * The returned function cancels it; cancelling twice, or after it ran, does nothing.
   */
  after(delay: number, task: () => void): () => void;
}
