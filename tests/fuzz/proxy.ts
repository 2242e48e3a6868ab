/**
 * PROXY headers: what a proxy says is read as a plain reader reads it; what isn't all there waits; and
 * what comes behind it changes nothing.
 */
import { assert, assertEquals } from "@std/assert";
import {
  LONGEST_PROXY_HEADER,
  type ProxyHeader,
  readProxyHeader,
} from "../../src/net/proxy_protocol.ts";
import { widen } from "../transcripts/transcript.ts";
import {
  anyOctets,
  changed,
  changedOctets,
  joined,
  narrow,
  repeat,
} from "./making.ts";
import { type Random, random } from "./random.ts";
import { readIpv4, readIpv6, unmapped } from "./reference_ip.ts";
import { showing } from "./target.ts";

const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
const WORDS = [
  ...["PROXY", "TCP4", "TCP6", "UNKNOWN", "192.0.2.1", "0.0.0.0", "::1", "::"],
  ...[
    "2001:DB8::1",
    "::ffff:192.0.2.1",
    "fe80::1%eth0",
    "256.1.1.1",
    "01.2.3.4",
  ],
  ...[
    "1:2:3:4:5:6:7:8",
    "25",
    "0",
    "65535",
    "65536",
    "025",
    "-1",
    "",
    " ",
    "\t",
  ],
  ...["\r\n", "\r", "\n", "\0", "EHLO a\r\n", "x".repeat(60)],
];

/** One try. */
export function proxy(seed: number): void {
  const chance = random(seed);
  const octets = anyHeader(chance);
  const at = chance.below(octets.length + 1);
  showing(octets.toHex(), () => {
    const whole = readProxyHeader(octets);
    assertEquals(plain(whole), readHeader(widen(octets)));
    const part = readProxyHeader(octets.subarray(0, at));
    if (part.kind !== "more") assertEquals(part, whole, `cut at ${at}`);
    else assert(at < LONGEST_PROXY_HEADER, "it waits for too much");
    if (whole.kind === "header" && at >= whole.length) {
      assertEquals(part, whole, "it needs what is behind it");
    }
  });
}

function anyHeader(chance: Random): Uint8Array<ArrayBuffer> {
  const make = chance.pick([
    line,
    line,
    binary,
    binary,
    () => anyOctets(chance, 40),
  ]);
  const header = make(chance);
  const spoilt = chance.chance(0.3) ? changedOctets(chance, header) : header;
  return joined([spoilt, anyOctets(chance, 20)]);
}

function line(chance: Random): Uint8Array<ArrayBuffer> {
  const word = () => chance.pick(WORDS);
  const good = chance.pick([
    "PROXY TCP4 192.0.2.1 198.51.100.1 40000 25\r\n",
    "PROXY TCP6 2001:db8::1 ::1 40000 25\r\n",
    "PROXY UNKNOWN\r\n",
    "PROXY UNKNOWN ffff:f...f:ffff 1\r\n",
  ]);
  return narrow(chance.pick([
    good,
    changed(chance, good, WORDS),
    `PROXY TCP4 192.0.2.1 198.51.100.1 ${word()} ${word()}\r\n`,
    `PROXY TCP${
      chance.pick(["4", "6"])
    } ${word()} ${word()} ${word()} ${word()}\r\n`,
    repeat(chance, 10, () => `${word()} `),
  ]));
}

function binary(chance: Random): Uint8Array<ArrayBuffer> {
  const command = chance.pick([0x20, 0x21, 0x21, 0x21, chance.below(256)]);
  const family = chance.pick([0x11, 0x21, 0x31, 0, chance.below(256)]);
  const body = new Uint8Array(chance.pick([0, 11, 12, 36, 40, 216]))
    .map(() => chance.below(256));
  if (chance.chance(0.3)) {
    body.set([...Array(10).fill(0), 255, 255].slice(0, body.length));
  }
  const size = chance.chance(0.9)
    ? body.length
    : chance.pick([0, 4080, 4081, 65535, chance.below(500)]);
  const fixed = [...narrow(SIGNATURE), command, family, size >> 8, size & 255];
  return joined([Uint8Array.from(fixed), body]);
}

/** What a plain reader makes of a header: where it ends and whom it names, in octets. */
type Plain =
  | "more"
  | "bad"
  | { readonly length: number; readonly ends: readonly unknown[] | undefined };

function plain(header: ProxyHeader): Plain {
  if (header.kind !== "header") return header.kind;
  const { length, passedOn } = header;
  if (passedOn === undefined) return { length, ends: undefined };
  const end = ({ address, port }: { address: string; port: number }) => {
    const octets = readIpv4(address) ?? readIpv6(address);
    if (octets === undefined) throw new Error(`${address} is no address`);
    return [octets, port];
  };
  return { length, ends: [end(passedOn.client), end(passedOn.server)] };
}

function readHeader(input: string): Plain {
  for (
    const [start, read] of [[SIGNATURE, readBinary], [
      "PROXY ",
      readLine,
    ]] as const
  ) {
    if (input.startsWith(start)) return read(input);
    if (start.startsWith(input)) return "more";
  }
  return "bad";
}

function readLine(input: string): Plain {
  const text = input.slice(0, 107);
  const end = [...text].findIndex((octet) => octet === "\r" || octet === "\n");
  if (end < 0 || text.slice(end) === "\r") {
    return text.length < 107 ? "more" : "bad";
  }
  if (!text.startsWith("\r\n", end)) return "bad";
  const length = end + 2;
  const [, protocol, ...words] = text.slice(0, end).split(" ");
  if (protocol === "UNKNOWN") return { length, ends: undefined };
  const read = protocol === "TCP4" ? readIpv4 : readIpv6;
  if (protocol !== "TCP4" && protocol !== "TCP6" || words.length !== 4) {
    return "bad";
  }
  const [client, server] = words.slice(0, 2).map(read);
  const [from, to] = words.slice(2);
  if (!client || !server || !isPort(from!) || !isPort(to!)) return "bad";
  const ends = [[unmapped(client), Number(from)], [
    unmapped(server),
    Number(to),
  ]];
  return { length, ends };
}

function isPort(text: string): boolean {
  return String(Number(text)) === text && Number.isInteger(Number(text)) &&
    Number(text) >= 0 && Number(text) < 65536;
}

function readBinary(input: string): Plain {
  const octets = narrow(input);
  if (octets.length < 16) return "more";
  const [command, family, high, low] = octets.subarray(12);
  const length = 16 + high! * 256 + low!;
  if (command !== 0x20 && command !== 0x21 || length > LONGEST_PROXY_HEADER) {
    return "bad";
  }
  if (octets.length < length) return "more";
  const size = family === 0x11 ? 4 : family === 0x21 ? 16 : 0;
  if (command === 0x20 || size === 0) return { length, ends: undefined };
  const body = [...octets.subarray(16, length)];
  if (body.length < 2 * size + 4) return "bad";
  const address = (at: number) => unmapped(body.slice(at, at + size));
  const port = (at: number) => body[at]! * 256 + body[at + 1]!;
  return {
    length,
    ends: [
      [address(0), port(2 * size)],
      [address(size), port(2 * size + 2)],
    ],
  };
}
