/** Messages that are hard to pass on unharmed. */
import type { Submission } from "./submit.ts";

/** A message, what must be said of it, and what it may become on its way. */
export interface HardLetter extends Pick<Submission, "content" | "mail"> {
  readonly name: string;
  /** What has to arrive, when that isn't `content`. */
  readonly arrives?: Uint8Array<ArrayBuffer>;
}

const HEADER = [
  "From: petya",
  "Date: Mon, 23 Nov 2026 04:37:56 +0000",
  "Message-ID: <1@client.test>\r\n",
].join("\r\n");

/** Every octet there is but the ends of lines. */
const OCTETS = Uint8Array.from({ length: 256 }, (_, octet) => octet)
  .filter((octet) => octet !== 0 && octet !== 10 && octet !== 13);

/** Letters that DATA carries as they are. */
export const TEXTS: readonly HardLetter[] = [
  {
    name: "dots",
    content: octets(HEADER, "\r\n.\r\n..\r\n.x\r\n\r\n.\r\n...\r\n"),
  },
  {
    name: "long lines",
    content: octets(
      HEADER,
      ...["\r\n", "a".repeat(998), "\r\n", "b".repeat(5000), "\r\n"],
      ...[".".repeat(70_000), "\r\n"],
    ),
  },
  {
    name: "8-bit octets",
    content: octets(HEADER, "\r\n", OCTETS, "\r\n"),
    mail: "BODY=8BITMIME",
  },
  {
    name: "a large text",
    content: octets(HEADER, "\r\n", ".some more text\r\n".repeat(20_000)),
  },
  { name: "no text", content: octets(HEADER, "\r\n") },
  { name: "no separator", content: octets(HEADER) },
  {
    name: "no end of the last line",
    content: octets(HEADER, "\r\nhello"),
    arrives: octets(HEADER, "\r\nhello\r\n"),
  },
];

/** A letter that only SMTPUTF8 carries. */
export const UTF8: HardLetter = {
  name: "UTF-8 in the header",
  content: octets("Subject: Здравствуй\r\n", HEADER, "\r\nВася!\r\n"),
  mail: "SMTPUTF8 BODY=8BITMIME",
};

/** A letter that only chunks carry. */
export const BINARY: HardLetter = {
  name: "any octets",
  content: octets(HEADER, "\r\n\0\n.\r\n.\r\r\n", OCTETS),
  mail: "BODY=BINARYMIME",
};

/** Text in UTF-8 and octets, one after the other. */
function octets(
  ...parts: readonly (string | Uint8Array)[]
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  return Uint8Array.from(
    parts.flatMap((part) => [
      ...(typeof part === "string" ? encoder.encode(part) : part),
    ]),
  );
}
