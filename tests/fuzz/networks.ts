/** Networks: whether an address is in one, bit by bit. */
import { assertEquals } from "@std/assert";
import { network } from "../../src/config/network_values.ts";
import { containedIn, networkOf, octetsOf } from "../../src/policy/networks.ts";
import { repeat } from "./making.ts";
import { type Random, random } from "./random.ts";
import { readIp, unmapped } from "./reference_ip.ts";
import { showing } from "./target.ts";

const PIECES = [
  ...[
    "1",
    "0",
    "255",
    "256",
    "127",
    "00",
    "ffff",
    "FE80",
    "db8",
    "a",
    ".",
    ":",
  ],
  ...["::", ":", ".", "/", "%eth0", "::ffff:", "192.0.2.1", "g", " ", "10000"],
];
const ADDRESSES = [
  ...["127.0.0.1", "10.1.2.3", "10.1.2.4", "0.0.0.0", "255.255.255.255", "::1"],
  ...[
    "::",
    "2001:db8::1",
    "2001:db8:0:1::",
    "::ffff:10.1.2.3",
    "::ffff:a01:204",
  ],
  ...["1:2:3:4:5:6:7:8", "fe80::1", "::10.1.2.3"],
];

/** One try. */
export function networks(seed: number): void {
  const chance = random(seed);
  const address = anyAddress(chance);
  const base = anyAddress(chance).replaceAll("%", "");
  showing({ address, base }, () => {
    assertEquals(octetsOf(address), known(address));
    checkContained(address, `${base}/${chance.below(130)}`);
    checkNetwork(address, base, {
      ipv4: chance.below(33),
      ipv6: chance.below(129),
    });
  });
}

function anyAddress(chance: Random): string {
  return chance.chance(0.5)
    ? chance.pick(ADDRESSES)
    : repeat(chance, 9, () => chance.pick(PIECES));
}

/** The octets that count, if it is an address; what names the network card doesn't. */
function known(address: string): readonly number[] | undefined {
  const [, ipv6 = address] = /^([^%]*:[^%]*)%/.exec(address) ?? [];
  const octets = readIp(ipv6);
  return octets && unmapped(octets);
}

function checkContained(address: string, cidr: string): void {
  const [text = "", bits, ...more] = cidr.split("/");
  const read = network.read(cidr);
  const base = more.length === 0 ? readIp(text) : undefined;
  const most = (base?.length ?? 0) * 8;
  assertEquals(read !== undefined, base !== undefined && Number(bits) <= most);
  if (read === undefined || base === undefined) return;
  const octets = known(address);
  const counted = unmapped(base).length === 4 && base.length === 16
    ? Math.max(0, read.prefix - 96)
    : read.prefix;
  const expected = octets !== undefined &&
    octets.length === unmapped(base).length &&
    isAlike(octets, unmapped(base), counted);
  assertEquals(containedIn([read])(address), expected, cidr);
}

function checkNetwork(
  one: string,
  other: string,
  prefixes: { readonly ipv4: number; readonly ipv6: number },
): void {
  const [a, b] = [known(one), known(other)];
  const same = networkOf(one, prefixes) === networkOf(other, prefixes);
  if (a === undefined || b === undefined) {
    assertEquals(same, one === other);
  } else {
    const prefix = a.length === 4 ? prefixes.ipv4 : prefixes.ipv6;
    assertEquals(same, a.length === b.length && isAlike(a, b, prefix));
  }
}

/** Whether the first bits are the same. */
function isAlike(
  one: readonly number[],
  other: readonly number[],
  bits: number,
): boolean {
  const text = (octets: readonly number[]) =>
    octets.map((octet) => octet.toString(2).padStart(8, "0")).join("");
  return text(one).slice(0, bits) === text(other).slice(0, bits);
}
