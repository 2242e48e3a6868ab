/** The machine that was measured on. */
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { output } from "./programs.ts";

/** What figures depend on. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memory: string;
  readonly kernel: string;
  /** The file system of the servers' folders, such as `ext4 on /dev/vda`. */
  readonly fileSystem: string;
}

/** Describes this machine. */
export async function describeMachine(): Promise<Machine> {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: `Linux ${release()}`,
    fileSystem: await fileSystem(),
  };
}

/** Whether what is synced to a file system is still there after a power failure. */
export function isDurable(
  { fileSystem }: Pick<Machine, "fileSystem">,
): boolean {
  return !/^(?:tmpfs|ramfs) /.test(fileSystem);
}

async function fileSystem(): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const said = await output("df", "--output=fstype,source", folder);
    const [type = "?", source = "?"] = said.split("\n").at(-1)!.split(/\s+/);
    return `${type} on ${source}`;
  } finally {
    await Deno.remove(folder);
  }
}
