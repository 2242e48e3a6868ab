import type { ReportedMessage } from "../message/dsn_facts.ts";
import { concat } from "../message/mime_part.ts";
import { type Content, pieces } from "../ports/content.ts";
import type { Disk } from "../ports/disk.ts";

/** Octets of a header that are read, and returned, at most. */
const HEADER_LIMIT = 64 * 1024;

const LF = 10;

/** What a report holds of the message that it is about. */
export type Original = Pick<ReportedMessage, "returned" | "messageId">;

/**
 * Reads from a message what its sender gets back: its header, or all of it. Of a header past 64 KiB
 * come the lines before that. Throws when the disk fails.
 */
export async function readOriginal(
  content: Content,
  { disk, whole }: {
    readonly disk: Pick<Disk, "stream">;
    readonly whole: boolean;
  },
): Promise<Original> {
  const limit = whole ? Infinity : HEADER_LIMIT;
  const octets = await firstOctets(content, limit, disk);
  const messageId = messageIdIn(octets.subarray(0, HEADER_LIMIT));
  return {
    returned: {
      kind: whole ? "message" : "header",
      octets: octets.length < limit ? octets : wholeLines(octets),
    },
    ...(messageId !== undefined && { messageId }),
  };
}

async function firstOctets(
  content: Content,
  limit: number,
  disk: Pick<Disk, "stream">,
): Promise<Uint8Array<ArrayBuffer>> {
  const read: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces(content, disk)) {
    // A piece is only valid until the next is asked for.
    read.push(piece.slice(0, limit - length));
    length += piece.length;
    if (length >= limit) break;
  }
  return concat(read);
}

function wholeLines(octets: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return octets.subarray(0, octets.lastIndexOf(LF) + 1);
}

/** The text of the Message-ID field, if the header has one (RFC 5322 §3.6.4). */
function messageIdIn(octets: Uint8Array): string | undefined {
  const text = new TextDecoder("latin1").decode(octets);
  const [header = ""] = text.split(/(?:^|\n)\r?\n/, 1);
  return MESSAGE_ID.exec(header)?.[1];
}

const MESSAGE_ID = /^message-id[ \t]*:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\s]+>)/im;
