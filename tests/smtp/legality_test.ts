/** What every command does in every situation, as one table (RFC 5321 §4.1.4). */
import { Player } from "../transcripts/play.ts";
import { CONFIG } from "../transcripts/transcript.ts";
import { AUTHENTICATED, challenge } from "../../src/smtp/replies.ts";
import type { Reply } from "../../src/smtp/reply.ts";
import type { Question, ServerConfig } from "../../src/smtp/state.ts";

/** Each command once, in a form that nothing is wrong with. */
const COMMANDS: Readonly<Record<string, string>> = {
  EHLO: "EHLO client.example\r\n",
  HELO: "HELO client.example\r\n",
  MAIL: "MAIL FROM:<c@test.ru>\r\n",
  RCPT: "RCPT TO:<d@test.ru>\r\n",
  DATA: "DATA\r\n",
  BDAT: "BDAT 3\r\nabc",
  LAST: "BDAT 0 LAST\r\n",
  RSET: "RSET\r\n",
  NOOP: "NOOP\r\n",
  VRFY: "VRFY petya\r\n",
  EXPN: "EXPN list\r\n",
  HELP: "HELP\r\n",
  AUTH: "AUTH PLAIN AGEAYg==\r\n",
  TLS: "STARTTLS\r\n",
  QUIT: "QUIT\r\n",
  "?": "NONSENSE\r\n",
};

const EHLO = "EHLO client.example\r\n";
const TLS = `${EHLO}STARTTLS\r\n<TLS>${EHLO}`;
const AUTH = "AUTH PLAIN let-me-in\r\n";
const MAIL = `${EHLO}MAIL FROM:<a@test.ru>\r\n`;
const RCPT = `${MAIL}RCPT TO:<b@test.ru>\r\n`;

/** Situations, and what the client says to get there. `<TLS>` stands for the handshake. */
const SITUATIONS: Readonly<Record<string, string>> = {
  "turned away": "",
  "connected": "",
  "after HELO": "HELO client.example\r\n",
  "after EHLO": EHLO,
  "behind STARTTLS": `${EHLO}STARTTLS\r\n<TLS>`,
  "EHLO over TLS": TLS,
  "authenticated": EHLO + AUTH,
  "in SASL exchange": `${EHLO}AUTH PLAIN go-on\r\n`,
  "MAIL refused": `${EHLO}MAIL FROM:<refused@test.ru>\r\n`,
  "after MAIL": MAIL,
  "RCPT refused": `${MAIL}RCPT TO:<nobody@test.ru>\r\n`,
  "after RCPT": RCPT,
  "enough RCPT": `${RCPT}RCPT TO:<c@test.ru>\r\n`,
  "RCPT, binary":
    `${EHLO}MAIL FROM:<a@test.ru> BODY=BINARYMIME\r\nRCPT TO:<b@test.ru>\r\n`,
  "in text": `${RCPT}DATA\r\n`,
  "after text": `${RCPT}DATA\r\n.\r\n`,
  "between chunks": `${RCPT}BDAT 1\r\nx`,
  "chunk refused": `${RCPT}BDAT 2\r\n\n\n`,
  "after last chunk": `${RCPT}BDAT 1 LAST\r\nx`,
  "AUTH needs TLS": EHLO,
  "mail needs AUTH": EHLO,
  "mail needs TLS": EHLO,
  "... which is on": TLS,
  "... AUTH done": TLS + AUTH,
};

const config: ServerConfig = {
  ...CONFIG,
  tls: true,
  mechanisms: { clear: ["PLAIN"], secure: ["PLAIN"] },
  maxRecipients: 2,
  maxFaults: 100,
};

const TLS_FIRST = { clear: [], secure: ["PLAIN"] };

/** What is different about the server in some situations. */
const SERVERS: Readonly<Record<string, Partial<ServerConfig>>> = {
  "AUTH needs TLS": { mechanisms: TLS_FIRST },
  "mail needs AUTH": { authRequired: true },
  "mail needs TLS": { authRequired: true, mechanisms: TLS_FIRST },
  "... which is on": { authRequired: true, mechanisms: TLS_FIRST },
  "... AUTH done": { authRequired: true, mechanisms: TLS_FIRST },
};

function answer(question: Question): Reply | undefined {
  switch (question.ask) {
    case "mail":
      return question.from?.local === "refused"
        ? { code: 550, status: "5.7.1", text: "No" }
        : undefined;
    case "auth":
      if (question.response === "let-me-in") return AUTHENTICATED;
      return question.response === "go-on" ? challenge("") : undefined;
    default:
      return undefined;
  }
}

/** The code of the reply to a command, and what else it does: `-` drops a message, `.` closes. */
function outcome(situation: string, command: string): string {
  let discards = 0;
  const player = new Player({ config: { ...config, ...SERVERS[situation] } }, {
    question: (question) =>
      situation === "turned away" && question.ask === "connect"
        ? { code: 554, status: "5.7.1", text: "mx.test.ru No" }
        : answer(question),
    message: (_, fate) => {
      if (fate === "discard") discards++;
    },
  });
  const [before, behind] = SITUATIONS[situation]!.split("<TLS>");
  player.send(encoder.encode(before));
  if (behind !== undefined) {
    player.happen("handshake");
    player.send(encoder.encode(behind));
  }
  player.takeOutput();
  discards = 0;
  player.send(encoder.encode(COMMANDS[command]!));
  const code = player.takeOutput().slice(0, 3) || "text";
  return code + (discards > 0 ? "-" : "") + (player.end === "close" ? "." : "");
}

function table(): string {
  const commands = Object.keys(COMMANDS);
  const row = (name: string, cells: readonly string[]) =>
    [name.padEnd(16), ...cells.map((cell) => cell.padEnd(5))].join(" ")
      .trimEnd();
  return [
    row("", commands),
    ...Object.keys(SITUATIONS).map((situation) =>
      row(situation, commands.map((command) => outcome(situation, command)))
    ),
  ].join("\n");
}

const encoder = new TextEncoder();

Deno.test("what is legal when", { permissions: "none" }, async (t) => {
  await t.assertSnapshot(`\n${table()}\n`);
});
