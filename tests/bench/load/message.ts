/** Messages to send. */

const encoder = new TextEncoder();

const LINE = `${"La de da de da ".repeat(6).slice(0, 76)}\r\n`;

/** A message of `size` octets, or of its header if that is longer, and the dot after it. */
export function messageText(
  to: string,
  size: number,
): Uint8Array<ArrayBuffer> {
  const header = `From: <vasya@client.test>\r\nTo: <${to}>\r\n` +
    "Date: Mon, 23 Nov 2026 05:00:16 +0000\r\nSubject: load\r\n\r\n";
  const room = Math.max(size - header.length, 0);
  const lines = LINE.repeat(Math.floor(room / LINE.length));
  const rest = room - lines.length;
  const last = rest < 2 ? "" : `${"x".repeat(rest - 2)}\r\n`;
  return encoder.encode(`${header}${lines}${last}.\r\n`);
}
