/**
 * What TLS clients say first: a hello that is well made is read, however it is cut into records; one
 * that isn't all there waits; and what comes behind it changes nothing.
 */
import { assertEquals } from "@std/assert";
import { readClientHello } from "../../src/net/client_hello.ts";
import {
  extension,
  hello as made,
  records,
  serverName,
  supportedVersions,
} from "../net/hellos.ts";
import { anyOctets, changedOctets, joined, several } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const NAMES = [
  "mx.test.ru",
  "MX.TEST.RU",
  "",
  "a b",
  "\0",
  "x".repeat(256),
  "é",
];
const VERSIONS = [0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0a0a, 0xffff];

/** One try. */
export function hello(seed: number): void {
  const chance = random(seed);
  checkGood(chance);
  const octets = anyHello(chance);
  const at = chance.below(octets.length + 1);
  showing(octets.toHex(), () => {
    const whole = readClientHello(octets);
    const part = readClientHello(octets.subarray(0, at));
    if (part !== "incomplete") assertEquals(part, whole, `cut at ${at}`);
    const behind = joined([octets, anyOctets(chance, 20)]);
    if (whole !== "incomplete") assertEquals(readClientHello(behind), whole);
  });
}

function checkGood(chance: Random): void {
  const version = chance.pick(VERSIONS);
  const names = several(chance, 1, () => chance.pick(NAMES));
  const versions = several(chance, 1, () => [
    chance.pick(VERSIONS),
    chance.pick(VERSIONS),
  ]);
  const extensions = [
    ...names.map((name) => serverName(name)),
    ...several(
      chance,
      3,
      () => extension(100 + chance.below(99), [...anyOctets(chance, 20)]),
    ),
    ...versions.map((all) => supportedVersions(...all)),
  ];
  const [record] = [made({ version, extensions })];
  const message = record!.subarray(5);
  const [name = ""] = names;
  const expected = {
    serverName: /^[\w.-]{1,255}$/.test(name) ? name.toLowerCase() : undefined,
    modern: (versions[0] ?? [version]).some((each) =>
      each === 0x0303 || each === 0x0304
    ),
  };
  const cut = records(message, 1 + chance.below(message.length));
  showing(cut.toHex(), () => assertEquals(readClientHello(cut), expected));
}

function anyHello(chance: Random): Uint8Array<ArrayBuffer> {
  if (chance.chance(0.1)) return anyOctets(chance, 60);
  const good = made({
    extensions: [serverName("mx.test.ru"), supportedVersions(0x0304)],
  });
  return changedOctets(
    chance,
    chance.chance(0.5) ? good : records(good.subarray(5), 1 + chance.below(40)),
  );
}
