/**
 * Dialogues as text, in the RFCs' own notation. A file starts with comments that say what it shows,
 * then settings (`key: value`), then an empty line, then the dialogue:
 *
 * ```text
 * C: NOOP                      the client sends a line; CRLF is added
 * C~ NO\x00OP\{x*9}\r\n        the client sends octets: \r \n \t \\ \xNN, \{text*times}; no CRLF added
 * S: 250 2.0.0 OK              the server answers with this line
 * S: 250 ...                   the server answers with a reply that starts so, of however many lines
 * ? rcpt <petya@test.ru>       the session asks; without such a line any question may come
 * ! 451 4.3.0 Try later        and is answered so; without such a line as `decide` answers
 * = To: petya                  a line of the message that comes out, looked at when it is whole
 * =~ octets\r\n                the same as octets
 * =discard                     what was received of a message is dropped; never without such a line
 * @ timeout                    the client keeps silent for too long
 * @ shutdown                   the server stops
 * @ handshake                  the session wants the TLS handshake, which is done
 * @ close                      the session is over; without it, it waits for more
 * | -> 250 2.0.0 OK            a line of the record; if there is any, there are all
 * ```
 */
import type { Reply } from "../../src/smtp/reply.ts";
import type { ServerConfig } from "../../src/smtp/state.ts";

/** One line of a dialogue. */
export type Step =
  | { readonly kind: "client"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "server"; readonly line: string }
  | { readonly kind: "question"; readonly text: string }
  | { readonly kind: "answer"; readonly reply: Reply }
  /** Octets widened to UTF-16 units, which a failing test can show. */
  | { readonly kind: "body"; readonly octets: string }
  | { readonly kind: "discard" }
  | { readonly kind: "event"; readonly event: Event };

/** What happens beside octets and answers. */
export type Event = "timeout" | "shutdown" | "handshake" | "close";

/** A dialogue, ready to be played. */
export interface Transcript {
  readonly config: ServerConfig;
  /** Whether TLS is on from the first octet. */
  readonly secure: boolean;
  /**
   * Whether the client may send without waiting: `yes` in any pieces; `no` line by line; `only` all
   * at once, where it is a fault and how the octets arrive makes a difference.
   */
  readonly pipelining: "yes" | "no" | "only";
  readonly steps: readonly Step[];
  /** The record that must be left; empty when the file says nothing of it. */
  readonly record: readonly string[];
}

/** The settings of a dialogue that doesn't give its own. */
export const CONFIG: ServerConfig = {
  hostname: "mx.test.ru",
  maxSize: 1_000_000,
  maxRecipients: 100,
  maxFaults: 20,
  tls: false,
  mechanisms: { clear: [], secure: [] },
  authRequired: false,
};

const EVENTS: readonly string[] = [
  "timeout",
  "shutdown",
  "handshake",
  "close",
] satisfies readonly Event[];

/**
 * Reads a dialogue.
 *
 * @throws {SyntaxError} When a line is of no known form.
 */
export function parseTranscript(text: string): Transcript {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const start = lines.indexOf("");
  const head = lines.slice(0, start).filter((line) => !line.startsWith("#"));
  const body = lines.slice(start + 1)
    .filter((line) => line !== "" && !line.startsWith("#"));
  const record = body.filter((line) => line.startsWith("| "));
  const steps = body.filter((line) => !line.startsWith("| ")).map(parseStep);
  const settings = parseSettings(head);
  return {
    ...settings,
    steps: settings.pipelining === "only" ? joinClient(steps) : steps,
    record: record.map((line) => line.slice(2)),
  };
}

/** What the client sends without a line of the server's between becomes one piece. */
function joinClient(steps: readonly Step[]): readonly Step[] {
  const joined: Step[] = [];
  for (const step of steps) {
    const last = joined.at(-1);
    if (step.kind === "client" && last?.kind === "client") {
      const bytes = new Uint8Array([...last.bytes, ...step.bytes]);
      joined[joined.length - 1] = { kind: "client", bytes };
    } else joined.push(step);
  }
  return joined;
}

function parseSettings(
  lines: readonly string[],
): Pick<Transcript, "config" | "secure" | "pipelining"> {
  let config = CONFIG;
  let secure = false;
  let pipelining: Transcript["pipelining"] = "yes";
  for (const line of lines) {
    const [key, value] = line.split(": ", 2);
    if (key === "pipelining" && (value === "no" || value === "only")) {
      pipelining = value;
    } else if (key === "secure") {
      secure = value === "yes";
    } else config = { ...config, ...parseSetting(key!, value ?? "", config) };
  }
  return { config, secure, pipelining };
}

function parseSetting(
  key: string,
  value: string,
  { mechanisms }: ServerConfig,
): Partial<ServerConfig> {
  switch (key) {
    case "max-size":
      return { maxSize: Number(value) };
    case "max-recipients":
      return { maxRecipients: Number(value) };
    case "max-faults":
      return { maxFaults: Number(value) };
    case "tls":
      return { tls: value === "yes" };
    case "mechanisms":
      return {
        mechanisms: { clear: value.split(" "), secure: value.split(" ") },
      };
    case "secure-mechanisms":
      return { mechanisms: { ...mechanisms, secure: value.split(" ") } };
    case "auth-required":
      return { authRequired: value === "yes" };
    default:
      throw new SyntaxError(`Cannot read dialogue: no setting "${key}"`);
  }
}

function parseStep(line: string): Step {
  const [, sign, rest = ""] = /^(C:|C~|S:|\?|!|=~|=discard|=|@) ?(.*)$/s
    .exec(line) ?? [];
  switch (sign) {
    case "C:":
      return { kind: "client", bytes: encoder.encode(`${rest}\r\n`) };
    case "C~":
      return { kind: "client", bytes: unescape(rest) };
    case "S:":
      return { kind: "server", line: rest };
    case "?":
      return { kind: "question", text: rest };
    case "!":
      return { kind: "answer", reply: parseReply(rest) };
    case "=":
      return { kind: "body", octets: widen(encoder.encode(`${rest}\r\n`)) };
    case "=~":
      return { kind: "body", octets: widen(unescape(rest)) };
    case "=discard":
      return { kind: "discard" };
    case "@":
      if (EVENTS.includes(rest)) return { kind: "event", event: rest as Event };
  }
  throw new SyntaxError(`Cannot read dialogue: what is "${line}"?`);
}

function parseReply(text: string): Reply {
  const [, code, status, words = ""] =
    /^(\d{3})(?: (\d\.\d+\.\d+))?(?: (.*))?$/.exec(text) ?? [];
  if (code === undefined) {
    throw new SyntaxError(`Cannot read dialogue: "${text}" is no reply`);
  }
  return { code: Number(code), ...(status && { status }), text: words };
}

const ESCAPES: Readonly<Record<string, number>> = {
  r: 13,
  n: 10,
  t: 9,
  "\\": 92,
};

function unescape(text: string): Uint8Array<ArrayBuffer> {
  const repeated = text.replace(
    /\\\{(.*?)\*(\d+)\}/g,
    (_, part: string, times: string) => part.repeat(Number(times)),
  );
  const octets: number[] = [];
  const token = /\\x([0-9a-f]{2})|\\([rnt\\])|([^\\])/guy;
  while (token.lastIndex < repeated.length) {
    const match = token.exec(repeated);
    if (match === null) {
      throw new SyntaxError(`Cannot read dialogue: bad escape in "${text}"`);
    }
    const [, hexadecimal, letter, character] = match;
    if (hexadecimal) octets.push(parseInt(hexadecimal, 16));
    else if (letter) octets.push(ESCAPES[letter]!);
    else octets.push(...encoder.encode(character));
  }
  return new Uint8Array(octets);
}

/** Octets as text, each a UTF-16 unit from 0 to 255. */
export function widen(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) text += String.fromCharCode(octet);
  return text;
}

const encoder = new TextEncoder();
