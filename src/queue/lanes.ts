/** Tasks in lanes: each lane runs a few at a time, in order, and never waits for another lane. */
export interface Lanes<Task> {
  /** Lines a task up and starts it when its turn comes; `false` when the lane is full. */
  offer(lane: string, task: Task): boolean;
  /** Takes out tasks that wait; returns them. */
  withdraw(isMeant: (task: Task) => boolean): readonly Task[];
  /** Starts nothing more; tasks that wait are dropped. */
  close(): void;
  /** Resolves when no task is running. */
  idle(): Promise<void>;
  /** How many tasks wait and run, all lanes together. */
  counts(): { readonly waiting: number; readonly running: number };
}

interface Lane<Task> {
  /** Tasks that came last, in order. */
  arriving: Task[];
  /** Tasks before those, in reverse order, so that taking the next costs the same for any number. */
  leaving: Task[];
  running: number;
}

/** Makes lanes that come and go with their tasks. */
export function makeLanes<Task>(
  { limit, capacity, run }: {
    /** How many tasks of a lane may run at once: 1 or more. */
    readonly limit: (lane: string) => number;
    /** How many tasks of a lane may wait. */
    readonly capacity: number;
    /** Does a task. Must not throw. */
    readonly run: (task: Task) => Promise<void>;
  },
): Lanes<Task> {
  const lanes = new Map<string, Lane<Task>>();
  let running = 0;
  let closed = false;
  let whenIdle: (() => void)[] = [];

  return {
    offer(name, task) {
      const lane = lanes.get(name) ?? open(name);
      if (waitingIn(lane) >= capacity) return false;
      lane.arriving.push(task);
      startNext(name, lane);
      return true;
    },

    withdraw(isMeant) {
      const withdrawn: Task[] = [];
      const stays = (task: Task) => {
        const meant = isMeant(task);
        if (meant) withdrawn.push(task);
        return !meant;
      };
      for (const lane of lanes.values()) {
        lane.arriving = lane.arriving.filter(stays);
        lane.leaving = lane.leaving.filter(stays);
      }
      return withdrawn;
    },

    close() {
      closed = true;
    },

    idle: () =>
      new Promise((resolve) => {
        if (running === 0) resolve();
        else whenIdle.push(resolve);
      }),

    counts() {
      let waiting = 0;
      for (const lane of lanes.values()) waiting += waitingIn(lane);
      return { waiting, running };
    },
  };

  function open(name: string): Lane<Task> {
    const lane: Lane<Task> = { arriving: [], leaving: [], running: 0 };
    lanes.set(name, lane);
    return lane;
  }

  function startNext(name: string, lane: Lane<Task>): void {
    while (!closed && lane.running < limit(name)) {
      const task = takeNext(lane);
      if (task === undefined) break;
      lane.running++;
      running++;
      run(task).finally(() => {
        lane.running--;
        running--;
        startNext(name, lane);
        if (running === 0) tellIdle();
      });
    }
    if (lane.running === 0 && waitingIn(lane) === 0) lanes.delete(name);
  }

  function tellIdle(): void {
    for (const resolve of whenIdle) resolve();
    whenIdle = [];
  }
}

function waitingIn<Task>(lane: Lane<Task>): number {
  return lane.arriving.length + lane.leaving.length;
}

function takeNext<Task>(lane: Lane<Task>): Task | undefined {
  if (lane.leaving.length === 0) {
    lane.leaving = lane.arriving.reverse();
    lane.arriving = [];
  }
  return lane.leaving.pop();
}
