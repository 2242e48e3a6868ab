/** How fast the protocol's core is by itself: no sockets, no disk. */
import { Framer, type Framing } from "../../src/smtp/framer.ts";
import { ServerSession } from "../../src/smtp/server.ts";
import { decide } from "../transcripts/policy.ts";
import { CONFIG } from "../transcripts/transcript.ts";

const encoder = new TextEncoder();

/** What one read brings at most. */
const CHUNK = 65_536;

/** Lines of `length` octets and CRLF, a chunk full; with `dots`, each tenth begins with a dot. */
function lines(
  letters: string,
  length: number,
  { dots }: { readonly dots: boolean },
): Uint8Array<ArrayBuffer> {
  const line = letters.repeat(length).slice(0, length);
  const count = Math.floor(CHUNK / (length + 2));
  return encoder.encode(
    Array.from(
      { length: count },
      (_, index) =>
        dots && index % 10 === 0 ? `..${line.slice(2)}\r\n` : `${line}\r\n`,
    ).join(""),
  );
}

const PROSE =
  "The quick brown fox jumps over the lazy dog, says Denis to Petya. ";
const BASE64 = "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZywg";

/** Takes a chunk through a framer as text goes, and throws unless it is text throughout. */
function frame(framer: Framer, chunk: Uint8Array<ArrayBuffer>): void {
  framer.push(chunk);
  for (;;) {
    const result = framer.pull(DOTTED);
    if (result === undefined) return;
    if (result.kind !== "body") throw new Error("The text ended");
  }
}

const DOTTED: Framing = { unit: "dotted" };

const TEXTS = {
  "prose, lines of 78": lines(PROSE, 76, { dots: false }),
  "prose, dots to undo": lines(PROSE, 76, { dots: true }),
  "base64, lines of 78": lines(BASE64, 76, { dots: false }),
  "one long line": lines(PROSE, CHUNK - 2, { dots: false }),
};

for (const [name, chunk] of Object.entries(TEXTS)) {
  const framer = new Framer();
  Deno.bench(`Framer, 64 KiB of ${name}`, { group: "framer" }, () => {
    frame(framer, chunk);
  });
}

/** Gives a session octets and does all that it wants done, up to the next read. */
function serve(session: ServerSession, bytes: Uint8Array<ArrayBuffer>): void {
  session.receive(bytes);
  for (;;) {
    const effect = session.next();
    switch (effect.type) {
      case "ask":
        session.answer(decide(effect.question));
        break;
      case "read":
        session.takeDialogue();
        return;
      case "close":
        throw new Error("The session is over");
    }
  }
}

function connected(): ServerSession {
  const session = new ServerSession(CONFIG);
  session.next();
  session.answer(decide({ ask: "connect" }));
  session.next();
  session.next();
  serve(session, encoder.encode("EHLO client.example\r\n"));
  return session;
}

const NOOPS = encoder.encode("NOOP\r\n".repeat(1_000));
const ENVELOPES = encoder.encode(
  "MAIL FROM:<denis@client.example> SIZE=4096 BODY=8BITMIME\r\nRCPT TO:<petya@test.ru>\r\nRCPT TO:<vasya@test.ru>\r\nRSET\r\n"
    .repeat(250),
);
const session = connected();

Deno.bench("ServerSession, 1,000 NOOPs in a row", { group: "commands" }, () => {
  serve(session, NOOPS);
});

Deno.bench(
  "ServerSession, 1,000 of MAIL, RCPT, RCPT, RSET",
  { group: "commands" },
  () => serve(session, ENVELOPES),
);

const BODY = TEXTS["prose, lines of 78"].slice(0, 4_056);
const MESSAGE = [
  "MAIL FROM:<denis@client.example>\r\n",
  "RCPT TO:<petya@test.ru>\r\n",
  "DATA\r\n",
].map((line) => encoder.encode(line));
const TEXT = new Uint8Array([...BODY, ...encoder.encode("\r\n.\r\n")]);

Deno.bench("ServerSession, a message of 4 KiB, line by line", {
  group: "messages",
}, () => {
  for (const line of MESSAGE) serve(session, line);
  serve(session, TEXT);
});

Deno.bench("ServerSession, from greeting to QUIT, 4 KiB", {
  group: "messages",
}, () => {
  const session = connected();
  for (const line of MESSAGE) serve(session, line);
  serve(session, TEXT);
});
