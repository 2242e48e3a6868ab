import type { Disk } from "./disk.ts";

/** A message's octets, to be read as often as need be: small ones in memory, large ones in a file. */
export type Content =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "file"; readonly path: string };

/** The content piece by piece, each piece valid until the next is asked for. */
export async function* pieces(
  content: Content,
  disk: Pick<Disk, "stream">,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (content.kind === "bytes") yield content.bytes;
  else yield* disk.stream(content.path);
}
