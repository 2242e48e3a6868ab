import { assert, assertEquals } from "@std/assert";
import {
  LONGEST_PROXY_HEADER,
  type PassedOn,
  readProxyHeader,
} from "../../src/net/proxy_protocol.ts";
import { random } from "../fuzz/random.ts";
import { binaryHeader, text } from "./proxy_header.ts";

const LONG_IPV6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";

/** Lines of version 1, without CR LF, and the ends that they name. */
const LINES: readonly (readonly [string, string, string])[] = [
  [
    "PROXY TCP4 192.0.2.1 198.51.100.1 40000 25",
    "192.0.2.1 40000",
    "198.51.100.1 25",
  ],
  [
    "PROXY TCP4 255.255.255.255 0.0.0.0 65535 0",
    "255.255.255.255 65535",
    "0.0.0.0 0",
  ],
  ["PROXY TCP6 2001:DB8:0::1 ::1 1 2", "2001:db8::1 1", "::1 2"],
  [
    `PROXY TCP6 ${LONG_IPV6} ${LONG_IPV6} 65535 65535`,
    `${LONG_IPV6} 65535`,
    `${LONG_IPV6} 65535`,
  ],
  [
    "PROXY TCP6 ::ffff:192.0.2.1 ::FFFF:c633:6401 1 2",
    "192.0.2.1 1",
    "198.51.100.1 2",
  ],
  [
    "PROXY TCP6 0000:0000:0000:0000:0000:0000:0000:0001 ::1.2.3.4 1 2",
    "::1 1",
    "::102:304 2",
  ],
];

for (const [line, client, server] of LINES) {
  Deno.test(`readProxyHeader() reads ${line}`, () => {
    assertEquals(readProxyHeader(text(`${line}\r\nEHLO a.test\r\n`)), {
      kind: "header",
      length: line.length + 2,
      passedOn: ends(client, server),
    });
  });
}

function ends(client: string, server: string): PassedOn {
  const [from, to] = [client, server].map((end) => {
    const [address = "", port] = end.split(" ");
    return { address, port: Number(port) };
  });
  return { client: from!, server: to! };
}

/** Headers of proxies that don't say for whom they speak. */
const UNNAMED = [
  "PROXY UNKNOWN\r\n",
  `PROXY UNKNOWN ${LONG_IPV6} ${LONG_IPV6} 65535 65535\r\n`,
  "PROXY UNKNOWN whatever it is\r\n",
];

for (const header of UNNAMED) {
  Deno.test(`readProxyHeader() reads ${header.trim()}`, () => {
    assertEquals(readProxyHeader(text(`${header}EHLO a.test\r\n`)), {
      kind: "header",
      length: header.length,
      passedOn: undefined,
    });
  });
}

/** What isn't a header, and why. */
const BAD: readonly (readonly [string, string])[] = [
  ["E", "no PROXY header"],
  ["EHLO a.test\r\n", "no PROXY header"],
  ["\x16\x03\x01", "no PROXY header"],
  ["proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "no PROXY header"],
  ["PROXY\tTCP4 192.0.2.1 192.0.2.2 1 2\r\n", "no PROXY header"],
  [" PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "no PROXY header"],
  ["\r\n\r\n\0\r\nQUIT\r", "no PROXY header"],
  ["PROXY UNKNOWNS\r\n", "malformed PROXY line"],
  ["PROXY \r\n", "malformed PROXY line"],
  ["PROXY TCP4\r\n", "malformed PROXY line"],
  ["PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", "malformed PROXY line"],
  ["PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 1 00\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 1 100000\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.1 192.0.2 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP4 ::1 ::1 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP6 ::1 192.0.2.2 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP6 [::1] [::1] 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP6 ::1::2 ::1 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2\r\n", "malformed PROXY line"],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "PROXY line not ended by CR LF"],
  ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n", "PROXY line not ended by CR LF"],
  ["PROXY TCP4\n192.0.2.1 192.0.2.2 1 2\r\n", "PROXY line not ended by CR LF"],
  [`PROXY ${"x".repeat(101)}`, "PROXY line too long"],
  [`PROXY ${"x".repeat(100)}\r\n`, "PROXY line too long"],
  [`PROXY ${"x".repeat(5000)}\r\n`, "PROXY line too long"],
];

for (const [octets, why] of BAD) {
  Deno.test(`readProxyHeader() refuses ${JSON.stringify(octets.slice(0, 60))}`, () => {
    assertEquals(readProxyHeader(text(octets)), { kind: "bad", why });
  });
}

Deno.test("readProxyHeader() waits for the end of a line of 107 octets", () => {
  const line = `PROXY ${"x".repeat(99)}`;
  for (const begun of [line, `${line}\r`]) {
    assertEquals(readProxyHeader(text(begun)), { kind: "more" });
  }
  assertEquals(readProxyHeader(text(`${line}\r\n`)).kind, "bad");
});

const IPV4 = [192, 0, 2, 1, 198, 51, 100, 1, 0x9c, 0x40, 0, 25];
const IPV6 = [
  ...[0x20, 0x01, 0x0d, 0xb8, ...zeros(11), 1],
  ...[...zeros(10), 0xff, 0xff, 198, 51, 100, 1],
  ...[0xff, 0xff, 0, 0],
];
const CHECKSUM = [3, 0, 4, 1, 2, 3, 4];

function zeros(count: number): readonly number[] {
  return Array<number>(count).fill(0);
}

/** Headers of version 2 and the ends that they name; `undefined` for the proxy's own. */
const BINARY: readonly (readonly [string, Uint8Array, PassedOn | undefined])[] =
  [
    [
      "IPv4",
      binaryHeader({ follows: IPV4 }),
      ends("192.0.2.1 40000", "198.51.100.1 25"),
    ],
    [
      "IPv4 and extensions",
      binaryHeader({ follows: [...IPV4, ...CHECKSUM, 4, 0, 0] }),
      ends("192.0.2.1 40000", "198.51.100.1 25"),
    ],
    [
      "IPv4 and as many extensions as there may be",
      binaryHeader({ follows: [...IPV4, ...zeros(4080 - 12)] }),
      ends("192.0.2.1 40000", "198.51.100.1 25"),
    ],
    [
      "IPv6",
      binaryHeader({ family: 0x21, follows: IPV6 }),
      ends("2001:db8::1 65535", "198.51.100.1 0"),
    ],
    [
      "IPv6 and extensions",
      binaryHeader({ family: 0x21, follows: [...IPV6, ...CHECKSUM] }),
      ends("2001:db8::1 65535", "198.51.100.1 0"),
    ],
    [
      "a proxy that speaks for itself",
      binaryHeader({ command: 0x20, family: 0, follows: [] }),
      undefined,
    ],
    [
      "a proxy that speaks for itself and names somebody",
      binaryHeader({ command: 0x20, follows: [...IPV4, ...CHECKSUM] }),
      undefined,
    ],
    [
      "a proxy that speaks for itself from an unknown family",
      binaryHeader({ command: 0x20, family: 0xff, follows: [1] }),
      undefined,
    ],
  ];

for (const [what, header, passedOn] of BINARY) {
  Deno.test(`readProxyHeader() reads ${what}`, () => {
    const bytes = new Uint8Array([...header, ...text("EHLO a.test\r\n")]);
    assertEquals(readProxyHeader(bytes), {
      kind: "header",
      length: header.length,
      passedOn,
    });
  });
}

/** Headers of version 2 that we can't go by, and why. */
const BAD_BINARY: readonly (readonly [string, Uint8Array, string])[] = [
  [
    "version 1",
    binaryHeader({ command: 0x11, follows: IPV4 }),
    "PROXY header of an unknown version or command",
  ],
  [
    "version 3",
    binaryHeader({ command: 0x31, follows: IPV4 }),
    "PROXY header of an unknown version or command",
  ],
  [
    "command 2",
    binaryHeader({ command: 0x22, follows: IPV4 }),
    "PROXY header of an unknown version or command",
  ],
  [
    "IPv4 cut off",
    binaryHeader({ follows: IPV4.slice(1) }),
    "PROXY header too short",
  ],
  [
    "IPv6 cut off",
    binaryHeader({ family: 0x21, follows: IPV6.slice(1) }),
    "PROXY header too short",
  ],
  [
    "too many extensions",
    binaryHeader({ follows: [...IPV4, ...zeros(4081 - 12)] }),
    "PROXY header too long",
  ],
  [
    "too many extensions of a proxy that speaks for itself",
    binaryHeader({ command: 0x20, follows: zeros(4081) }),
    "PROXY header too long",
  ],
];

for (const [what, header, why] of BAD_BINARY) {
  Deno.test(`readProxyHeader() refuses ${what}`, () => {
    assertEquals(readProxyHeader(header), { kind: "bad", why });
  });
}

/** Headers of version 2 that don't say for whom the proxy speaks. */
const UNNAMED_BINARY: readonly (readonly [string, Uint8Array])[] = [
  ["an unspecified family", binaryHeader({ family: 0x00, follows: [] })],
  ["UDP over IPv4", binaryHeader({ family: 0x12, follows: IPV4 })],
  ["UDP over IPv6", binaryHeader({ family: 0x22, follows: IPV6 })],
  ["a UNIX socket", binaryHeader({ family: 0x31, follows: zeros(216) })],
  ["family 4", binaryHeader({ family: 0x41, follows: IPV6 })],
];

for (const [what, header] of UNNAMED_BINARY) {
  Deno.test(`readProxyHeader() reads ${what} as nobody's name`, () => {
    const { length } = header;
    const expected = { kind: "header", length, passedOn: undefined } as const;
    assertEquals(readProxyHeader(header), expected);
  });
}

Deno.test("readProxyHeader() refuses a header too long before all of it came", () => {
  const header = binaryHeader({ follows: zeros(0xffff) }).subarray(0, 16);
  assertEquals(readProxyHeader(header).kind, "bad");
});

Deno.test("readProxyHeader() waits for all of a header", () => {
  const headers = [
    ...LINES.map(([line]) => text(`${line}\r\n`)),
    ...BINARY.map(([, header]) => header),
  ];
  for (const header of headers) {
    for (let size = 0; size < header.length; size++) {
      // A buffer of its own size: what is read past its end would be zeros.
      assertEquals(readProxyHeader(header.slice(0, size)), { kind: "more" });
    }
    assertEquals(readProxyHeader(header).kind, "header");
  }
});

Deno.test("readProxyHeader() sees no octet but those it is given", () => {
  const around = binaryHeader({ follows: IPV4 });
  for (let size = 0; size < around.length; size++) {
    assertEquals(readProxyHeader(around.subarray(0, size)), { kind: "more" });
  }
  const shifted = new Uint8Array([7, 7, 7, ...around]).subarray(3);
  assertEquals(readProxyHeader(shifted), readProxyHeader(around));
});

Deno.test("readProxyHeader() reads back any address and port, in both versions", () => {
  const chance = random(4);
  const octet = () => chance.chance(0.4) ? 0 : chance.below(256);
  for (let tries = 0; tries < 2_000; tries++) {
    const size = chance.pick([4, 16]);
    const follows = Array.from({ length: 2 * size + 4 }, octet);
    const family = size === 4 ? 0x11 : 0x21;
    const passedOn = passedOnBy(binaryHeader({ family, follows }));
    const { client, server } = passedOn;
    // An IPv4 address inside IPv6, which chance may find, is written as IPv4.
    if (client.address.includes(":") !== server.address.includes(":")) continue;
    const version = client.address.includes(":") ? 6 : 4;
    const line =
      `PROXY TCP${version} ${client.address} ${server.address} ${client.port} ${server.port}\r\n`;
    assertEquals(readProxyHeader(text(line)), {
      kind: "header",
      length: line.length,
      passedOn,
    });
  }
});

function passedOnBy(bytes: Uint8Array): PassedOn {
  const header = readProxyHeader(bytes);
  if (header.kind === "header" && header.passedOn) return header.passedOn;
  throw new Error(`Cannot go on: ${JSON.stringify(header)}`);
}

Deno.test("readProxyHeader() makes something of any octets, and the same of more", () => {
  const chance = random(5);
  const starts = [
    text("PROXY "),
    text("PROXY TCP4 1.2.3.4 "),
    text("PROXY TCP6 ::"),
    binaryHeader({ follows: [] }).subarray(0, 12),
    binaryHeader({ follows: [] }).subarray(0, 14),
    new Uint8Array(),
  ];
  const alphabet = text("0123456789abcdef:. \r\n");
  for (let tries = 0; tries < 20_000; tries++) {
    const octet = chance.chance(0.5)
      ? () => chance.pick([...alphabet])
      : () => chance.below(chance.pick([3, 256]));
    const length = chance.below(130);
    const bytes = new Uint8Array([
      ...chance.pick(starts),
      ...Array.from({ length }, octet),
    ]);
    const header = readProxyHeader(bytes);
    if (header.kind === "more") {
      assert(bytes.length < LONGEST_PROXY_HEADER);
      continue;
    }
    // What is settled stays so, and what leads to it is a start.
    assertEquals(readProxyHeader(new Uint8Array([...bytes, 0])), header);
    if (header.kind === "header") {
      assert(header.length <= bytes.length);
      const start = bytes.subarray(0, header.length);
      assertEquals(readProxyHeader(start), header);
      assertEquals(readProxyHeader(start.slice(0, -1)), { kind: "more" });
    }
  }
});
