/** A file system of its own for a test, as small as it likes: only where we may mount one. */
import { join } from "node:path";
import { temporaryFolder } from "../queue/fakes.ts";
import { exitOf } from "./program.ts";
import { note, program } from "./programs.ts";

/** A small disk; disposing of it unmounts it. */
export interface SmallDisk extends AsyncDisposable {
  /** The folder that it is mounted on. */
  readonly path: string;
  /** Fills it up to the last octet. */
  fill(): Promise<void>;
  /** Makes room again. */
  clear(): Promise<void>;
  /** Makes it so that nobody can write to it, or all can again. */
  remount(mode: "ro" | "rw"): Promise<void>;
}

/** Whether we may mount one; says so when we may not, since a test is left out then. */
export async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) {
    note("only root on Linux can mount a small disk: a test is left out");
    return false;
  }
  try {
    await using _ = await smallDisk(64 * 1024);
    return true;
  } catch (cause) {
    note(`a small disk can't be mounted: a test is left out (${cause})`);
    return false;
  }
}

/** Mounts a disk of so many octets, in memory: on a folder that is there, or a new one. */
export async function smallDisk(
  size: number,
  folder?: string,
): Promise<SmallDisk> {
  await using starting = new AsyncDisposableStack();
  const path = folder ?? starting.use(await temporaryFolder()).path;
  await run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path);
  starting.defer(() => run("umount", "--lazy", path));
  const filler = join(path, "filler");
  const started = starting.move();
  return {
    path,
    async fill() {
      using file = await Deno.open(filler, { append: true, create: true });
      for (let piece = 64 * 1024; piece >= 1;) {
        try {
          await file.write(new Uint8Array(piece));
        } catch {
          piece = Math.floor(piece / 2);
        }
      }
    },
    clear: () => Deno.remove(filler),
    remount: (mode) => run("mount", "-o", `remount,${mode}`, path),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

async function run(name: string, ...args: readonly string[]): Promise<void> {
  const process = program(name, ...args).spawn();
  await process.stdin.close();
  const { code, error } = await exitOf(process);
  if (code !== 0) throw new Error(`Cannot ${name}: ${error.trim()}`);
}
