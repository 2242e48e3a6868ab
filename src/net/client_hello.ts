/**
 * What a TLS client asks for first, read before `node:tls` sees it: its own way to tell a server the
 * name asked for (`SNICallback`, as of Deno 2.9.6) waits forever for the rest of a long hello that
 * is there already, says nothing when the handshake fails after it, and holds 19 KB more for each
 * connection.
 */

/** A ClientHello (RFC 8446 §4.1.2), as far as we look into it. */
export interface ClientHello {
  /** The domain that the client means to speak to, in lower case, if it names one (RFC 6066 §3). */
  readonly serverName: string | undefined;
  /** Whether it speaks TLS 1.2 or 1.3. */
  readonly modern: boolean;
}

/**
 * Reads the ClientHello that a connection starts with, from all octets that came so far. What comes
 * after it is not looked at. Never throws.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readClientHello } from "./client_hello.ts";
 *
 * const octets = new TextEncoder().encode("EHLO mx.test.ru\r\n");
 * assertEquals(readClientHello(octets), "nonsense");
 * assertEquals(readClientHello(Uint8Array.of(22, 3, 1)), "incomplete");
 * ```
 */
export function readClientHello(
  octets: Uint8Array,
): ClientHello | "incomplete" | "nonsense" {
  const body = joinFragments(octets);
  return body instanceof Uint8Array ? readBody(body) : body;
}

const HANDSHAKE = 22;
const MAJOR_VERSION = 3;
const CLIENT_HELLO = 1;
const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;

/** The body of the message that the first records carry, each a fragment of it (RFC 8446 §5.1). */
function joinFragments(
  octets: Uint8Array,
): Uint8Array | "incomplete" | "nonsense" {
  const message = new Uint8Array(octets.length);
  let size = 0;
  for (let at = 0; at < octets.length;) {
    const [type, major = MAJOR_VERSION, , high, low] = octets.subarray(at);
    if (type !== HANDSHAKE || major !== MAJOR_VERSION) return "nonsense";
    if (high === undefined || low === undefined) return "incomplete";
    const length = high * 256 + low;
    if (length === 0 || length > 2 ** 14) return "nonsense";
    const fragment = octets.subarray(at + 5, at + 5 + length);
    message.set(fragment, size);
    size += fragment.length;
    at += 5 + length;

    const body = bodyOf(message.subarray(0, size));
    if (body !== "incomplete") return body;
  }
  return "incomplete";
}

function bodyOf(message: Uint8Array): Uint8Array | "incomplete" | "nonsense" {
  if (message.length > 0 && message[0] !== CLIENT_HELLO) return "nonsense";
  const header = new Reader(message.subarray(1));
  const body = header.take(header.number(3));
  return header.isShort ? "incomplete" : body;
}

function readBody(body: Uint8Array): ClientHello | "nonsense" {
  const reader = new Reader(body);
  const version = reader.number(2);
  reader.take(32); // The random value,
  reader.vector(1); // the session,
  reader.vector(2); // the ciphers
  reader.vector(1); // and the compression methods.
  // TLS 1.2 may leave the extensions out.
  const extensions = reader.isEmpty ? reader : reader.vector(2);
  let versions = [version];
  let serverName: string | undefined;
  while (!extensions.isEmpty) {
    const type = extensions.number(2);
    const extension = extensions.vector(2);
    if (type === EXTENSION.serverName) serverName = nameIn(extension);
    if (type === EXTENSION.versions) versions = versionsIn(extension);
  }
  if (reader.isShort) return "nonsense";
  const modern = versions.includes(TLS_1_3) || versions.includes(TLS_1_2);
  return { serverName, modern };
}

const EXTENSION = { serverName: 0, versions: 43 } as const;

/** RFC 6066 §3. */
function nameIn(extension: Reader): string | undefined {
  const list = extension.vector(2);
  const type = list.number(1);
  const name = new TextDecoder().decode(list.vector(2).rest());
  return type === 0 && /^[\w.-]{1,255}$/.test(name)
    ? name.toLowerCase()
    : undefined;
}

/** RFC 8446 §4.2.1. */
function versionsIn(extension: Reader): number[] {
  const list = extension.vector(1);
  const versions: number[] = [];
  while (!list.isEmpty) versions.push(list.number(2));
  return versions;
}

/** Takes values off the front of octets, in the notation of RFC 8446 §3. */
class Reader {
  #octets: Uint8Array;
  readonly #fault: { isShort: boolean };

  constructor(octets: Uint8Array, fault = { isShort: false }) {
    this.#octets = octets;
    this.#fault = fault;
  }

  get isEmpty(): boolean {
    return this.#octets.length === 0;
  }

  /** Whether more was taken than there was, here or in a vector from here. */
  get isShort(): boolean {
    return this.#fault.isShort;
  }

  take(count: number): Uint8Array {
    const taken = this.#octets.subarray(0, count);
    if (taken.length < count) this.#fault.isShort = true;
    this.#octets = this.#octets.subarray(count);
    return taken;
  }

  rest(): Uint8Array {
    return this.take(this.#octets.length);
  }

  number(size: number): number {
    return this.take(size).reduce((sum, octet) => sum * 256 + octet, 0);
  }

  /** Octets with their number in front, itself of so many octets. */
  vector(size: number): Reader {
    return new Reader(this.take(this.number(size)), this.#fault);
  }
}
