import type { Disk } from "../../src/ports/disk.ts";
import type { Log, LogFields } from "../../src/ports/log.ts";
import type { TranscriptDisk } from "../../src/server/transcript_folder.ts";

/** A disk of one folder, in memory. */
export interface FakeDisk extends TranscriptDisk, Pick<Disk, "stream"> {
  /** What is in it, by name. */
  readonly files: Map<string, string>;
  /** While set, writing fails with it, half-way through the octets. */
  writeError: Error | undefined;
  /** While set, removing fails with it. */
  removeError: Error | undefined;
  /** How many files are open. */
  open: number;
}

/** An empty disk, or one with files on it. */
export function fakeDisk(
  content: Readonly<Record<string, string>> = {},
): FakeDisk {
  const files = new Map(Object.entries(content));
  const nameOf = (path: string) => path.split(/[\\/]/).at(-1)!;
  const disk: FakeDisk = {
    files,
    writeError: undefined,
    removeError: undefined,
    open: 0,
    async makeFolder() {},
    // deno-lint-ignore require-await
    async append(path) {
      const name = nameOf(path);
      files.set(name, files.get(name) ?? "");
      disk.open += 1;
      // deno-lint-ignore require-await
      const write = async (bytes: Uint8Array<ArrayBuffer>) => {
        const half = disk.writeError ? bytes.length / 2 : bytes.length;
        const text = new TextDecoder().decode(bytes.subarray(0, half));
        files.set(name, files.get(name) + text);
        if (disk.writeError) throw disk.writeError;
      };
      return {
        write,
        async sync() {},
        size: () => Promise.resolve(files.get(name)!.length),
        async truncate(size) {
          await Promise.resolve();
          files.set(name, files.get(name)!.slice(0, size));
        },
        [Symbol.dispose]: () => void (disk.open -= 1),
      };
    },
    list: () => Promise.resolve([...files.keys()].toSorted(() => -1)),
    stat(path) {
      const size = files.get(nameOf(path))?.length;
      return Promise.resolve(
        size === undefined ? undefined : { size, changedAt: 0, folder: false },
      );
    },
    remove(path) {
      if (disk.removeError) return Promise.reject(disk.removeError);
      return Promise.resolve(files.delete(nameOf(path)));
    },
    async *stream(path) {
      const bytes = new TextEncoder().encode(files.get(nameOf(path)));
      // Small pieces cut lines, and characters, in two.
      for (let at = 0; at < bytes.length; at += 7) {
        yield await Promise.resolve(bytes.slice(at, at + 7));
      }
    },
  };
  return disk;
}

/** A log that keeps what it is told, as `level event`, and fields apart. */
export function fakeLog(): Log & {
  readonly events: string[];
  readonly fields: (LogFields | undefined)[];
} {
  const events: string[] = [];
  const fields: (LogFields | undefined)[] = [];
  const at = (level: string) => (event: string, about?: LogFields) => {
    events.push(`${level} ${event}`);
    fields.push(about);
  };
  return {
    events,
    fields,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}
