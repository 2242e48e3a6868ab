/** What TLS clients say first, new and old, well made and not. */
import { secureClient } from "../../src/net/tls_client.ts";
import { memoryTransports } from "./memory_transport.ts";

/** The hello of our own client, which speaks TLS 1.2 and 1.3, to a server at `host`. */
export async function modernHello(host: string): Promise<Uint8Array> {
  const [ours, theirs] = memoryTransports();
  const handshake = secureClient(ours, { host, verify: "opportunistic" });
  const buffer = new Uint8Array(10_000);
  const count = await theirs.read(buffer);
  theirs[Symbol.dispose]();
  await handshake;
  return buffer.slice(0, count ?? 0);
}

/** A ClientHello (RFC 8446 §4.1.2), in a record. */
export function hello(
  { version = 0x0303, extensions }: {
    /** TLS 1.2 is 0x0303, SSL 3 is 0x0300. */
    readonly version?: number;
    /** None at all when absent. */
    readonly extensions?: readonly (readonly number[])[];
  } = {},
): Uint8Array<ArrayBuffer> {
  const body = [
    ...number(version, 2),
    ...Array(32).fill(1),
    ...vector([], 1),
    ...vector([0xc0, 0x2b, 0xc0, 0x2f], 2),
    ...vector([0], 1),
    ...extensions ? vector(extensions.flat(), 2) : [],
  ];
  return records(Uint8Array.from([1, ...vector(body, 3)]), 2 ** 14);
}

/** An extension of a hello. */
export function extension(
  type: number,
  body: readonly number[],
): readonly number[] {
  return [...number(type, 2), ...vector(body, 2)];
}

/** The extension that names the server (RFC 6066 §3). */
export function serverName(name: string, type = 0): readonly number[] {
  const octets = [...new TextEncoder().encode(name)];
  return extension(0, vector([type, ...vector(octets, 2)], 2));
}

/** The extension that lists versions (RFC 8446 §4.2.1). */
export function supportedVersions(
  ...versions: readonly number[]
): readonly number[] {
  return extension(
    43,
    vector(versions.flatMap((version) => number(version, 2)), 1),
  );
}

/** Handshake messages in records of at most `size` octets (RFC 8446 §5.1). */
export function records(
  messages: Uint8Array,
  size: number,
): Uint8Array<ArrayBuffer> {
  const all: number[] = [];
  for (let at = 0; at < messages.length; at += size) {
    const fragment = messages.subarray(at, at + size);
    all.push(22, 3, 1, ...vector([...fragment], 2));
  }
  return Uint8Array.from(all);
}

/** The hello of SSL 2, which wasn't made of records like those since. */
export const SSL_2_HELLO = Uint8Array.of(
  ...[0x80, 0x2b, 1, 0, 2, 0, 18, 0, 0, 0, 16],
  ...[1, 0, 128, 2, 0, 128, 3, 0, 128, 4, 0, 128, 5, 0, 128, 6, 0, 64],
  ...Array(16).fill(7),
);

function vector(body: readonly number[], size: number): readonly number[] {
  return [...number(body.length, size), ...body];
}

function number(value: number, size: number): readonly number[] {
  return Array.from(
    { length: size },
    (_, at) => value >> 8 * (size - 1 - at) & 255,
  );
}
