import type { Transport } from "../../src/net/transport.ts";
import type { Disk, DiskFile } from "../../src/ports/disk.ts";
import type { Queue, Settled } from "../../src/queue/queue.ts";
import type { Process } from "./machine.ts";
import { octetsOf, textOf } from "./talk.ts";

/** A fault of the program, made by giving it a part that is broken. */
export interface Fault {
  readonly disk?: (disk: Disk) => Disk;
  readonly queue?: (queue: Queue, surroundings: Surroundings) => Queue;
  /** Connections of clients. */
  readonly incoming?: (transport: Transport) => Transport;
  /** Connections to other servers. */
  readonly outgoing?: (transport: Transport) => Transport;
}

/** A fault that is planted to be found. */
export interface Plant extends Fault {
  /** What the simulation says of it. */
  readonly symptom: RegExp;
}

/** What a queue that is broken may use. */
export interface Surroundings {
  readonly process: Process;
  readonly disk: Disk;
}

/** The faults that the simulation must find, by what they are called. */
export const PLANTS: Readonly<Record<string, Plant>> = {
  "replies before the commit": {
    symptom: /is lost/,
    queue: (queue, { process }) => ({
      ...queue,
      commit(batch) {
        process.clock.after(20, () => void queue.commit(batch).catch(() => {}));
        return Promise.resolve();
      },
    }),
  },

  "replies 250 though the commit failed": {
    symptom: /is lost/,
    queue: (queue) => ({
      ...queue,
      commit: (batch) => queue.commit(batch).catch(() => {}),
    }),
  },

  "deletes messages before they are delivered": {
    symptom: /is lost/,
    queue: (queue) => ({
      ...queue,
      async commit(batch) {
        await queue.commit(batch);
        const { put, now } = batch;
        if (put.length === 0) return;
        await queue.commit({
          put: [],
          settle: put.map(({ message: { id, recipients } }) => ({
            id,
            at: now,
            recipients: recipients.map(({ number }) => ({
              status: "delivered",
              recipient: number,
              reply: "",
              host: "",
            })),
          })),
          now,
        });
      },
    }),
  },

  "forgets what was delivered": {
    symptom: /sent twice/,
    queue: (queue) => ({
      ...queue,
      commit(batch) {
        const until = batch.now + 30_000;
        const settle = batch.settle.map(({ recipients, ...settlement }) => ({
          ...settlement,
          recipients: recipients.map((settled) =>
            settled.status === "delivered" && isForgotten(settled, batch.now)
              ? { ...settled, status: "deferred" as const, until }
              : settled
          ),
        }));
        return queue.commit({ ...batch, settle });
      },
    }),
  },

  "never releases a lease": {
    symptom: /left lying/,
    queue: (queue) => ({ ...queue, release: () => Promise.resolve() }),
  },

  "forgets to report what failed": {
    symptom: /is lost/,
    queue: (queue) => ({
      ...queue,
      commit: (batch) =>
        queue.commit({
          ...batch,
          put: batch.put.filter(({ message }) => message.client !== null),
        }),
    }),
  },

  "removes spool files too early": {
    symptom: /without its octets/,
    queue: (queue, { disk }) => ({
      ...queue,
      async commit(batch) {
        await queue.commit(batch);
        for (const { id } of batch.settle) {
          await disk.remove(`/mail/.smtpd/spool/${id}`).catch(() => {});
        }
      },
    }),
  },

  "leaves spool files": {
    symptom: /spool.* stays behind/,
    disk: (disk) => ({
      ...disk,
      remove: (path) =>
        path.includes("spool") ? Promise.resolve(true) : disk.remove(path),
    }),
  },

  "leaves temporary files": {
    symptom: /tmp.* stays behind/,
    disk: (disk) => ({
      ...disk,
      remove: (path) =>
        path.includes("tmp") ? Promise.resolve(true) : disk.remove(path),
    }),
  },

  "never closes spool files": {
    symptom: /open files stay behind/,
    disk: (disk) =>
      withFiles(
        disk,
        (path, file) =>
          path.includes("spool") ? { ...file, [Symbol.dispose]() {} } : file,
      ),
  },

  "doesn't sync files in Maildirs": {
    symptom: /was changed|nobody sent|is lost/,
    disk: withoutSync("/tmp/"),
  },

  "doesn't sync spool files": {
    symptom: /without its octets|was changed/,
    disk: withoutSync("/spool/"),
  },

  "doesn't sync folders": {
    symptom: /is lost/,
    disk: (disk) => ({ ...disk, syncFolder: () => Promise.resolve() }),
  },

  "doesn't sync the folder of new mail": {
    symptom: /is lost/,
    disk: (disk) => ({
      ...disk,
      syncFolder: (path) =>
        path.endsWith("new") ? Promise.resolve() : disk.syncFolder(path),
    }),
  },

  "doesn't stuff dots": {
    symptom: /was changed/,
    outgoing: (transport) => ({
      ...transport,
      write: (bytes) =>
        transport.write(
          octetsOf(textOf(bytes).replace(/(^|\n)\.\.(?!\r\n$)/g, "$1.")),
        ),
      [Symbol.dispose]: () => transport[Symbol.dispose](),
    }),
  },

  "doesn't unstuff dots": {
    symptom: /was changed/,
    // What it reads has each dot twice that it will take for one.
    incoming: (transport) => ({
      ...transport,
      async read(into) {
        const half = into.subarray(0, Math.ceil(into.length / 2));
        const count = await transport.read(half);
        if (count === null) return null;
        const text = textOf(half.subarray(0, count));
        const octets = octetsOf(text.replace(/\n\.\./g, "\n...."));
        into.set(octets);
        return octets.length;
      },
      [Symbol.dispose]: () => transport[Symbol.dispose](),
    }),
  },
};

/** What another server took by chance in an even millisecond. */
function isForgotten({ host }: Settled, at: number): boolean {
  return host !== "local" && at % 2 === 0;
}

/** A disk that syncs no file whose path has `part` in it. */
function withoutSync(part: string): (disk: Disk) => Disk {
  return (disk) =>
    withFiles(
      disk,
      (path, file) =>
        path.includes(part) ? { ...file, sync: () => Promise.resolve() } : file,
    );
}

/** A disk whose open files are changed. */
function withFiles(
  disk: Disk,
  change: (path: string, file: DiskFile) => DiskFile,
): Disk {
  return {
    ...disk,
    async create(path) {
      const file = await disk.create(path);
      return file && change(path, file);
    },
    append: async (path) => change(path, await disk.append(path)),
  };
}
