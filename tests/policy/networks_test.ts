import { assert, assertEquals, assertThrows } from "@std/assert";
import { SETTINGS } from "../../src/config/table.ts";
import { containedIn, networkOf, octetsOf } from "../../src/policy/networks.ts";

/** Networks as `--relay-from` takes them, with addresses inside and outside. */
const CASES: readonly {
  readonly networks: string;
  readonly inside: readonly string[];
  readonly outside: readonly string[];
}[] = [
  {
    networks: SETTINGS.relayFrom.default,
    inside: [
      "127.0.0.1",
      "127.255.255.255",
      "::1",
      "0:0:0:0:0:0:0:1",
      "::ffff:127.0.0.1",
      "::ffff:7f00:1",
    ],
    outside: ["126.255.255.255", "128.0.0.0", "::", "::2", "::127.0.0.1"],
  },
  {
    networks: "none",
    inside: [],
    outside: ["127.0.0.1", "::1", "0.0.0.0", "::"],
  },
  {
    networks: "192.0.2.7",
    inside: ["192.0.2.7", "::ffff:192.0.2.7"],
    outside: ["192.0.2.6", "192.0.2.8"],
  },
  {
    networks: "192.0.2.77/28",
    inside: ["192.0.2.64", "192.0.2.79"],
    outside: ["192.0.2.63", "192.0.2.80"],
  },
  {
    networks: "10.0.0.0/31",
    inside: ["10.0.0.0", "10.0.0.1"],
    outside: ["10.0.0.2", "9.255.255.255"],
  },
  {
    networks: "128.0.0.0/1",
    inside: ["128.0.0.0", "255.255.255.255"],
    outside: ["127.255.255.255", "ffff::"],
  },
  {
    networks: "0.0.0.0/0",
    inside: ["0.0.0.0", "203.0.113.9", "::ffff:203.0.113.9"],
    outside: ["::1", "2001:db8::1"],
  },
  {
    networks: "::/0",
    inside: ["::1", "2001:db8::1"],
    outside: ["203.0.113.9", "::ffff:203.0.113.9", "::ffff:cb00:7109"],
  },
  {
    networks: "fe80::/10,2001:db8::42",
    inside: [
      "fe80::1",
      "fe80::1%eth0",
      "febf:ffff::",
      "2001:db8::42",
      "2001:DB8:0::42",
    ],
    outside: ["fec0::1", "2001:db8::43", "10.0.0.1"],
  },
  {
    networks: "::ffff:10.0.0.0/104",
    inside: ["10.1.2.3", "::ffff:10.1.2.3"],
    outside: ["11.0.0.1", "::ffff:11.0.0.1"],
  },
];

for (const { networks, inside, outside } of CASES) {
  Deno.test(`containedIn() knows what --relay-from ${networks} allows`, () => {
    const isInside = containedIn(SETTINGS.relayFrom.kind.read(networks)!);
    for (const address of inside) assert(isInside(address), address);
    for (const address of outside) assert(!isInside(address), address);
  });
}

Deno.test("containedIn() finds no network for what isn't an address", () => {
  const isInside = containedIn([
    { address: "0.0.0.0", prefix: 0 },
    { address: "::", prefix: 0 },
  ]);
  for (
    const text of [
      "",
      "localhost",
      "127.1",
      "[::1]",
      "127.0.0.1:25",
      "::1::%eth0",
    ]
  ) {
    assertEquals(isInside(text), false, text);
  }
});

Deno.test("containedIn() throws for a network that isn't one", () => {
  assertThrows(() => containedIn([{ address: "10.0.0.0", prefix: 33 }]));
  assertThrows(() => containedIn([{ address: "::1/8", prefix: 8 }]));
});

/** Addresses with the octets that they stand for, in hexadecimal. */
const OCTETS: readonly (readonly [string, string | undefined])[] = [
  ["192.0.2.1", "c0000201"],
  ["0.0.0.0", "00000000"],
  ["255.255.255.255", "ffffffff"],
  ["::ffff:192.0.2.1", "c0000201"],
  ["::FFFF:c000:201", "c0000201"],
  ["0:0:0:0:0:ffff:192.0.2.1", "c0000201"],
  ["::", "00000000000000000000000000000000"],
  ["::1", "00000000000000000000000000000001"],
  ["1::", "00010000000000000000000000000000"],
  ["::192.0.2.1", "000000000000000000000000c0000201"],
  ["::fffe:192.0.2.1", "00000000000000000000fffec0000201"],
  ["1::ffff:192.0.2.1", "00010000000000000000ffffc0000201"],
  ["2001:DB8:0::42", "20010db8000000000000000000000042"],
  ["1:2:3:4:5:6:7:89ab", "000100020003000400050006000789ab"],
  ["fe80::1%eth0", "fe800000000000000000000000000001"],
  ["", undefined],
  ["localhost", undefined],
  ["127.1", undefined],
  ["192.0.2.01", undefined],
  ["192.0.2.1%eth0", undefined],
  ["[::1]", undefined],
  ["::1::", undefined],
];

for (const [address, octets] of OCTETS) {
  Deno.test(`octetsOf() reads "${address}"`, () => {
    assertEquals(
      octetsOf(address)?.map((octet) => octet.toString(16).padStart(2, "0"))
        .join(""),
      octets,
    );
  });
}

/** Addresses with the networks that they are of. */
const NETWORKS: readonly (readonly [string, number, string])[] = [
  ["192.0.2.77", 32, "192.0.2.77/32"],
  ["192.0.2.77", 24, "192.0.2.0/24"],
  ["::ffff:192.0.2.77", 24, "192.0.2.0/24"],
  ["255.255.255.255", 17, "255.255.128.0/17"],
  ["255.255.255.255", 0, "0.0.0.0/0"],
  ["2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::/64"],
  ["2001:0DB8::3:4:5:6", 64, "2001:db8::/64"],
  ["2001:db8::ffff", 124, "2001:db8::fff0/124"],
  ["::1", 128, "::1/128"],
  ["::1", 0, "::/0"],
  ["nobody", 24, "nobody"],
];

for (const [address, prefix, network] of NETWORKS) {
  Deno.test(`networkOf() finds that ${address} is of ${network}`, () => {
    const prefixes = { ipv4: prefix, ipv6: prefix };
    assertEquals(networkOf(address, prefixes), network);
  });
}

Deno.test("networkOf() keeps a prefix for each version", () => {
  const prefixes = { ipv4: 16, ipv6: 32 };
  assertEquals(networkOf("192.0.2.1", prefixes), "192.0.0.0/16");
  assertEquals(networkOf("2001:db8:1::1", prefixes), "2001:db8::/32");
});
