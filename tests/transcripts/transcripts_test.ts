import { assertEquals } from "@std/assert";
import { playInPieces, playStrictly } from "./play.ts";
import { parseTranscript } from "./transcript.ts";

// Read here, where reading is allowed: the tests themselves may do nothing but compute.
const folder = new URL("./", import.meta.url);
const files = [...Deno.readDirSync(folder)]
  .map(({ name }) => name)
  .filter((name) => name.endsWith(".smtp"))
  .sort()
  .map((name) => ({
    name,
    text: Deno.readTextFileSync(new URL(name, folder)),
  }));

/** Octets of each piece; the first takes all of a dialogue. */
const SIZES = [Infinity, 64, 7, 3, 2, 1];

for (const { name, text } of files) {
  Deno.test({ name, permissions: "none" }, async (t) => {
    const transcript = parseTranscript(text);
    const trace = playStrictly(transcript);
    for (const size of transcript.pipelining === "yes" ? SIZES : []) {
      await t.step(`in pieces of ${size}`, () => {
        assertEquals(playInPieces(transcript, size, trace.answers), trace);
      });
    }
  });
}
