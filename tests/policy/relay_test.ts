import { assert, assertEquals, assertThrows } from "@std/assert";
import { SETTINGS } from "../../src/config/settings.ts";
import { containedIn } from "../../src/policy/relay.ts";

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
    outside: ["203.0.113.9"],
  },
  {
    networks: "fe80::/10,2001:db8::42",
    inside: ["fe80::1", "febf:ffff::", "2001:db8::42", "2001:DB8:0::42"],
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
  for (const text of ["", "localhost", "127.1", "[::1]", "127.0.0.1:25"]) {
    assertEquals(isInside(text), false, text);
  }
});

Deno.test("containedIn() throws for a network that isn't one", () => {
  assertThrows(() => containedIn([{ address: "10.0.0.0", prefix: 33 }]));
  assertThrows(() => containedIn([{ address: "::1/8", prefix: 8 }]));
});
