/** The client's side of the dialogues in `tests/transcripts`. */
import { parseTranscript, widen } from "../transcripts/transcript.ts";

/** Reads every dialogue, and leaves what the client sends, an octet a UTF-16 unit. */
export function clientSides(): readonly string[] {
  const folder = new URL("../transcripts/", import.meta.url);
  return [...Deno.readDirSync(folder)]
    .map(({ name }) => name)
    .filter((name) => name.endsWith(".smtp"))
    .sort()
    .map((name) => Deno.readTextFileSync(new URL(name, folder)))
    .map((text) =>
      parseTranscript(text).steps
        .map((step) => step.kind === "client" ? widen(step.bytes) : "")
        .join("")
    );
}
