/** A client that says what it is told, for what no real client would say. */
import { within } from "./patience.ts";
import { HOST } from "./program.ts";

/** A connection to the server, greeted. */
export interface SmtpClient extends Disposable {
  /** Sends text as it is. */
  send(text: string | Uint8Array<ArrayBuffer>): Promise<void>;
  /** The next reply, its lines joined by LF; empty when the server closed. */
  reply(): Promise<string>;
  /** Sends lines and gives the reply to the last of them. */
  say(...lines: readonly string[]): Promise<string>;
  /** The rest of what the server says, until it closes. */
  rest(): Promise<string>;
  /**
   * Puts the connection under TLS, to a server that proves to be the 127.0.0.1 of one of these
   * certificates, in PEM; rejects when it doesn't.
   */
  secure(...trusted: readonly string[]): Promise<void>;
  /** Closes, at once. */
  [Symbol.dispose](): void;
}

/** Connects and waits for the greeting. */
export async function connect(port: number): Promise<SmtpClient> {
  const client = await dial(port);
  await client.reply();
  return client;
}

/** Connects, and leaves the greeting to be read. */
export async function dial(port: number): Promise<SmtpClient> {
  const plain = await Deno.connect({ hostname: HOST, port });
  plain.setNoDelay();
  let conn: Deno.Conn = plain;
  const buffer = new Uint8Array(16 * 1024);
  const decoder = new TextDecoder();
  let text = "";
  let open = true;

  const more = async (): Promise<boolean> => {
    // A connection that is reset ends as well.
    const count = await within(
      conn.read(buffer).catch(() => null),
      `a reply after ${JSON.stringify(text)}`,
    );
    if (count === null) return false;
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
    return true;
  };
  const client: SmtpClient = {
    async send(data) {
      const bytes = typeof data === "string" ? encoder.encode(data) : data;
      for (let sent = 0; sent < bytes.length;) {
        sent += await within(conn.write(bytes.subarray(sent)), "room to send");
      }
    },
    async reply() {
      const whole = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/;
      for (;;) {
        const reply = whole.exec(text)?.[0];
        if (reply !== undefined) {
          text = text.slice(reply.length);
          return reply.slice(0, -2).replaceAll("\r\n", "\n");
        }
        if (!await more()) return "";
      }
    },
    async say(...lines) {
      let reply = "";
      for (const line of lines) {
        await client.send(`${line}\r\n`);
        reply = await client.reply();
      }
      return reply;
    },
    async rest() {
      while (await more());
      return text;
    },
    async secure(...caCerts) {
      const secured = await Deno.startTls(plain, {
        hostname: HOST,
        caCerts: [...caCerts],
      });
      conn = secured;
      await within(secured.handshake(), "the TLS handshake");
    },
    [Symbol.dispose]() {
      if (open) conn.close();
      open = false;
    },
  };
  return client;
}

/** Connects and goes on under TLS, by STARTTLS; the server is to be greeted again. */
export async function connectSecurely(
  port: number,
  ...trusted: readonly string[]
): Promise<SmtpClient> {
  using stack = new DisposableStack();
  const client = stack.use(await connect(port));
  await client.say("EHLO client.test", "STARTTLS");
  await client.secure(...trusted);
  stack.move();
  return client;
}

/** A message to send, and how. */
interface Sending {
  readonly from?: string;
  readonly to?: readonly string[];
  /** Dot-stuffed, each line with its end. */
  readonly text?: string;
  /** Certificates that the server may show: TLS is begun first. */
  readonly trusted?: readonly string[];
}

/** Sends one message; gives the last reply. */
export async function sendMail(
  port: number,
  {
    from = "vasya@other.test",
    to = ["petya@test.ru"],
    text = "hello\r\n",
    trusted,
  }: Sending = {},
): Promise<string> {
  using client =
    await (trusted ? connectSecurely(port, ...trusted) : connect(port));
  await client.say("EHLO client.test", `MAIL FROM:<${from}>`);
  for (const address of to) await client.say(`RCPT TO:<${address}>`);
  const go = await client.say("DATA");
  if (!go.startsWith("354")) return go;
  await client.send(text);
  const reply = await client.say(".");
  await client.say("QUIT");
  return reply;
}

/** The ID in the reply that says that a message was queued. */
export function queuedId(reply: string): string {
  const id = /^250 2\.0\.0 OK: queued as (\w+)$/.exec(reply)?.[1];
  if (id === undefined) throw new Error(`Not queued: ${reply}`);
  return id;
}

const encoder = new TextEncoder();
