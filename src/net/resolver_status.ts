/**
 * One DNS question asked by ourselves, for the one fact that `Deno.resolveDns` keeps to itself: it
 * throws the same NotFound for NXDOMAIN, NODATA, SERVFAIL and REFUSED (Deno 2.9.6; denoland/deno
 * #36561), of which two are facts that bounce mail and two pass with time.
 *
 * It goes over UDP as the first question did, for there are servers in use that don't speak TCP.
 */
import { createSocket } from "node:dgram";
import { on } from "node:events";
import { isIPv6 } from "node:net";
import type { Answer } from "../ports/resolver.ts";
import type { Endpoint } from "./transport.ts";

/** A question: a name in ASCII without a dot at its end, and a type of record. */
export interface Question {
  readonly name: string;
  readonly type: keyof typeof TYPES;
}

/** RFC 1035 §3.2.2, RFC 3596 §2.1. */
const TYPES = { A: 1, MX: 15, AAAA: 28 } as const;

/** Response codes that have a name (RFC 1035 §4.1.1). */
const CODES = [
  "NOERROR",
  "FORMERR",
  "SERVFAIL",
  "NXDOMAIN",
  "NOTIMP",
  "REFUSED",
];

const HEADER_SIZE = 12;

/** No records: either there are none, or who was asked can't say. */
export type Status = Exclude<Answer<never>, { readonly kind: "records" }>;

/**
 * Asks a server why it has no records for a question. That it has some after all is a failure:
 * what is true now wasn't a moment ago. Needs network permission for every address, as a UDP socket
 * is bound to it.
 *
 * @throws {Error} When the server can't be reached, isn't understood, or `signal` is aborted.
 */
export async function askStatus(
  question: Question,
  server: Endpoint,
  signal: AbortSignal,
): Promise<Status> {
  const query = writeQuery(question);
  return readStatus(await exchange(query, server, signal), question);
}

/** Sends a query and waits for its answer, passing over what else comes to our port. */
async function exchange(
  query: Uint8Array,
  { address, port }: Endpoint,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const [family, any] = isIPv6(address)
    ? ["udp6", "[::]:0"] as const
    : ["udp4", "0.0.0.0:0"] as const;
  // Without it the socket would throw where nobody can catch it.
  const permission = { name: "net", host: any } as const;
  if ((await Deno.permissions.query(permission)).state !== "granted") {
    throw new Error(`Requires net access to "${any}"`);
  }
  const socket = createSocket(family);
  try {
    socket.send(query, port, address);
    for await (const [bytes, from] of on(socket, "message", { signal })) {
      if (from.port === port && isAnswer(bytes, query)) return bytes;
    }
    throw new Error("Cannot read the answer: the socket was closed");
  } catch (cause) {
    signal.throwIfAborted(); // Then that is why.
    throw cause;
  } finally {
    socket.close();
  }
}

/** Whether it is a response, and has the ID that only we and the server know. */
function isAnswer(bytes: Uint8Array, query: Uint8Array): boolean {
  return bytes.length >= HEADER_SIZE && (bytes[2]! & 0x80) !== 0 &&
    bytes[0] === query[0] && bytes[1] === query[1];
}

/** RFC 1035 §4.1: a header with a random ID that asks for recursion, and one question of class IN. */
function writeQuery({ name, type }: Question): Uint8Array {
  const id = crypto.getRandomValues(new Uint8Array(2));
  const labels = name.split(".").flatMap((label) => [
    label.length,
    ...new TextEncoder().encode(label),
  ]);
  return Uint8Array.from([
    ...[...id, 0x01, 0x00, ...uint16(1), 0, 0, 0, 0, 0, 0],
    ...[...labels, 0, ...uint16(TYPES[type]), ...uint16(1)],
  ]);
}

function uint16(number: number): readonly number[] {
  return [number >> 8, number & 0xff];
}

/**
 * Reads why a server has no records, from its whole message, which has its header.
 *
 * @throws {SyntaxError} When the message ends too early.
 */
export function readStatus(
  octets: Uint8Array,
  { type }: Pick<Question, "type">,
): Status {
  const message = new DataView(
    octets.buffer,
    octets.byteOffset,
    octets.byteLength,
  );
  const flags = message.getUint16(2);
  // RFC 1035 §4.1.1: AA or RA. Without either it points to others, which says nothing.
  if ((flags & 0x0480) === 0) {
    return { kind: "failed", why: "the DNS server only knows its own domains" };
  }
  const code = CODES[flags & 0x0f] ?? `code ${flags & 0x0f}`;
  if (code === "NXDOMAIN") return { kind: "no domain" };
  if (code !== "NOERROR") {
    return { kind: "failed", why: `the DNS server answers ${code}` };
  }
  // RFC 1035 §4.1.1: TC, so there was more to say than that there is nothing.
  const truncated = (flags & 0x0200) !== 0;
  return truncated || answeredTypes(message).includes(TYPES[type])
    ? { kind: "failed", why: "the DNS server has just changed its answer" }
    : { kind: "none" };
}

/** The types of the answers: those of aliases are there though they lead to no records. */
function answeredTypes(message: DataView): readonly number[] {
  try {
    return readTypes(message);
  } catch (cause) {
    throw new SyntaxError("Cannot read the answer: it ends too early", {
      cause,
    });
  }
}

/** Throws a RangeError where the message ends too early. */
function readTypes(message: DataView): readonly number[] {
  const types: number[] = [];
  let at = HEADER_SIZE;
  for (let left = message.getUint16(4); left > 0; left--) {
    at = afterName(message, at) + 4;
  }
  for (let left = message.getUint16(6); left > 0; left--) {
    at = afterName(message, at);
    types.push(message.getUint16(at));
    at += 10 + message.getUint16(at + 8);
  }
  if (at > message.byteLength) throw new RangeError("A record is cut off");
  return types;
}

/** Where a name ends: at its empty label or with a pointer (RFC 1035 §4.1.4). */
function afterName(message: DataView, at: number): number {
  for (;;) {
    const length = message.getUint8(at);
    if (length >= 0xc0) return at + 2;
    if (length === 0) return at + 1;
    at += 1 + length;
  }
}
