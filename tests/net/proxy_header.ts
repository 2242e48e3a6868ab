/** What a proxy sends first, for tests. */

/** A header of the PROXY protocol, version 2, with the octets that follow its fixed part. */
export function binaryHeader(
  { command = 0x21, family = 0x11, follows }: {
    /** Version and command: 0x21 passes a connection on, 0x20 is the proxy's own. */
    readonly command?: number;
    /** Address family and protocol: 0x11 is TCP over IPv4. */
    readonly family?: number;
    readonly follows: readonly number[];
  },
): Uint8Array<ArrayBuffer> {
  return new Uint8Array([
    ...text("\r\n\r\n\0\r\nQUIT\n"),
    ...[command, family, follows.length >> 8, follows.length & 0xff],
    ...follows,
  ]);
}

/** The octets of a text. */
export function text(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
