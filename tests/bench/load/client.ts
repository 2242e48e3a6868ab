/** A client that is quick: it looks at a reply's code and at nothing else. */
import { HOST } from "./host.ts";

/** A session with a server. */
export interface Client extends Disposable {
  /** Sends octets, all of them. */
  send(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Waits for so many replies; throws when one hasn't this code. */
  expect(code: number, replies?: number): Promise<void>;
}

const EHLO = new TextEncoder().encode("EHLO client.test\r\n");
const STARTTLS = new TextEncoder().encode("STARTTLS\r\n");

/** Opens a session and says EHLO, with `tls` under TLS whatever the certificate. */
export async function openSession(
  port: number,
  { tls }: { readonly tls: boolean },
): Promise<Client> {
  const conn = await Deno.connect({ hostname: HOST, port });
  conn.setNoDelay();
  const client = talk(conn);
  try {
    await client.expect(220);
    await client.send(EHLO);
    await client.expect(250);
    if (!tls) return client;
    await client.send(STARTTLS);
    await client.expect(220);
    const secure = talk(await Deno.startTls(conn, { hostname: HOST }));
    await secure.send(EHLO);
    await secure.expect(250);
    return secure;
  } catch (cause) {
    // TLS takes the connection over, and closes it when it fails.
    try {
      client[Symbol.dispose]();
    } catch (closed) {
      if (!(closed instanceof Deno.errors.BadResource)) throw closed;
    }
    throw cause;
  }
}

function talk(conn: Deno.Conn): Client {
  const buffer = new Uint8Array(2_048);
  const codes = new ReplyCodes();
  return {
    async send(bytes) {
      for (let sent = 0; sent < bytes.length;) {
        sent += await conn.write(bytes.subarray(sent));
      }
    },
    async expect(code, replies = 1) {
      for (let count = 0; count < replies;) {
        const found = codes.next();
        if (found === undefined) {
          const size = await conn.read(buffer);
          if (size === null) throw new Error("The connection was closed");
          codes.push(buffer.subarray(0, size));
        } else if (found === code) count++;
        else throw new Error(`The reply was ${found}, not ${code}`);
      }
    },
    [Symbol.dispose]: () => conn.close(),
  };
}

const LF = 10;
const HYPHEN = 45;
const ZERO = 48;

/** Finds the codes of replies in what a server says (RFC 5321 §4.2). */
export class ReplyCodes {
  #chunk = new Uint8Array();
  #at = 0;
  /** Octets of the line so far, its first four in `#start`. */
  #length = 0;
  readonly #start = new Uint8Array(4);

  /** Takes the next octets, once `next` has found nothing more in the last. */
  push(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The code of the next reply that has ended. */
  next(): number | undefined {
    while (this.#at < this.#chunk.length) {
      const octet = this.#chunk[this.#at++]!;
      if (octet !== LF) {
        if (this.#length < 4) this.#start[this.#length] = octet;
        this.#length++;
        continue;
      }
      const goesOn = this.#length > 3 && this.#start[3] === HYPHEN;
      this.#length = 0;
      if (!goesOn) {
        const [a, b, c] = this.#start;
        return (a! - ZERO) * 100 + (b! - ZERO) * 10 + (c! - ZERO);
      }
    }
    return undefined;
  }
}
