/**
 * Certificates: what is written is read, whatever names are in it; what is damaged is read or clearly
 * refused, and never takes long.
 */
import { assert, assertEquals } from "@std/assert";
import {
  type Certificate,
  readCertificate,
} from "../../src/net/certificate.ts";
import * as der from "../../src/net/der_writer.ts";
import { anyOctets, anyText, changedOctets, several } from "./making.ts";
import { type Random, random } from "./random.ts";
import { type Fuzz, showing } from "./target.ts";

/** Makes the tries, with certificates in PEM to damage. */
export function certificates(known: readonly string[]): Fuzz {
  const octets = known.map((pem) =>
    Uint8Array.fromBase64(pem.replace(/-----.*-----/g, ""))
  );
  return (seed) => {
    const chance = random(seed);
    const { certificate, expected } = anyCertificate(chance);
    showing(
      expected,
      () => assertEquals(readCertificate(certificate), expected),
    );
    const damaged = chance.chance(0.1)
      ? anyOctets(chance, 200)
      : changedOctets(chance, chance.pick([certificate, ...octets]));
    showing(damaged.toHex(), () => checkDamaged(damaged));
  };
}

function checkDamaged(octets: Uint8Array): void {
  try {
    const { notBefore, notAfter } = readCertificate(octets);
    assert(Number.isFinite(notBefore) && Number.isFinite(notAfter), "no time");
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
}

function anyCertificate(
  chance: Random,
): { readonly certificate: Uint8Array; readonly expected: Certificate } {
  const notBefore = anyTime(chance);
  const notAfter = anyTime(chance);
  const domains = several(chance, 4, () => anyDomain(chance));
  const withNames = chance.chance(0.9);
  const names = der.sequence(
    ...several(chance, 2, () => der.element(0x81, anyOctets(chance, 10))),
    ...domains.map((name) =>
      der.element(0x82, Uint8Array.from(name, (unit) => unit.charCodeAt(0)))
    ),
    der.element(0x87, Uint8Array.of(127, 0, 0, 1)),
  );
  const name = der.sequence();
  const unsigned = der.sequence(
    ...chance.chance(0.5)
      ? [der.element(0xa0, der.integer(Uint8Array.of(2)))]
      : [],
    der.integer(Uint8Array.of(1)),
    der.sequence(),
    name,
    der.sequence(der.time(notBefore), der.time(notAfter)),
    name,
    der.sequence(anyElement(chance)),
    ...withNames
      ? [der.element(
        0xa3,
        der.sequence(
          ...several(chance, 2, () => otherExtension(chance)),
          der.sequence(
            der.objectIdentifier("551d11"),
            ...chance.chance(0.5) ? [der.TRUE] : [],
            der.octetString(names),
          ),
        ),
      )]
      : [],
  );
  return {
    certificate: der.sequence(unsigned, der.sequence(), anyElement(chance)),
    expected: {
      notBefore,
      notAfter,
      domains: withNames ? domains.map((each) => each.toLowerCase()) : [],
      addresses: withNames ? ["127.0.0.1"] : [],
    },
  };
}

/** From 1950 to 2500, to the second. */
function anyTime(chance: Random): number {
  const second = 1000;
  const seconds = (Date.UTC(2500) - Date.UTC(1950)) / second;
  return Date.UTC(1950) + chance.below(seconds) * second;
}

/** Octets above 127 are one character each. */
function anyDomain(chance: Random): string {
  const odd = anyText(chance, 10).replace(/[^\0-\u007f]/g, "");
  return chance.pick(["mx.test.ru", "*.test.ru", odd, "x".repeat(300)]);
}

function otherExtension(chance: Random): Uint8Array {
  return der.sequence(
    der.objectIdentifier(chance.pick(["551d0f", "551d13", "2a03"])),
    der.octetString(anyOctets(chance, 20)),
  );
}

function anyElement(chance: Random): Uint8Array {
  return der.element(chance.below(256), anyOctets(chance, 300));
}
