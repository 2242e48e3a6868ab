import type { Disk } from "../ports/disk.ts";

/** A transcript file: part 1 of a day is `2026-11-23.log`, part 2 `2026-11-23.2.log`. */
export interface TranscriptFile {
  /** UTC, as `2026-11-23`. */
  readonly day: string;
  readonly part: number;
}

/** The name of a file in the transcripts' folder. */
export function fileName({ day, part }: TranscriptFile): string {
  return part === 1 ? `${day}.log` : `${day}.${part}.log`;
}

/** Which file bears a name; `undefined` when none of ours does. */
export function parseFileName(name: string): TranscriptFile | undefined {
  const [whole, day, part] =
    /^(\d{4}-\d\d-\d\d)(?:\.([1-9]\d{0,8}))?\.log$/.exec(name) ?? [];
  if (whole === undefined) return undefined;
  return { day: day!, part: Number(part ?? 1) };
}

/** The transcript files in a folder, oldest first; none when there is no such folder. */
export async function listTranscriptFiles(
  folder: string,
  disk: Pick<Disk, "list">,
): Promise<readonly TranscriptFile[]> {
  const names = await disk.list(folder) ?? [];
  return names
    .map(parseFileName)
    .filter((file) => file !== undefined)
    .sort((a, b) => a.day < b.day ? -1 : a.day > b.day ? 1 : a.part - b.part);
}

/** The UTC day of a time in milliseconds since the Unix epoch, as `2026-11-23`. */
export function dayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}

/** A day in milliseconds. */
export const DAY = 24 * 60 * 60 * 1000;
