import { assertEquals, assertThrows } from "@std/assert";
import { isFor, readCertificate } from "../../src/net/certificate.ts";
import * as der from "../../src/net/der_writer.ts";
import {
  EXPIRED,
  FUTURE,
  type Identity,
  MX,
  NAMELESS,
  ODD,
} from "./certificates.ts";

function octetsOf({ cert }: Identity): Uint8Array {
  return Uint8Array.fromBase64(cert.replace(/-----.*-----/g, ""));
}

Deno.test("readCertificate() finds names and dates", () => {
  assertEquals(readCertificate(octetsOf(MX)), {
    notBefore: Date.UTC(2020),
    notAfter: Date.UTC(2119),
    domains: ["mx.test.ru", "*.wild.test.ru"],
    addresses: ["127.0.0.1", "::1"],
  });
  assertEquals(readCertificate(octetsOf(EXPIRED)).notAfter, Date.UTC(2021));
  assertEquals(readCertificate(octetsOf(FUTURE)).notBefore, Date.UTC(2118));
});

Deno.test("readCertificate() takes no name for two", () => {
  const { domains, addresses } = readCertificate(octetsOf(ODD));
  assertEquals({ domains, addresses }, { domains: ['a"b'], addresses: [] });
});

Deno.test("readCertificate() takes no subject for a name", () => {
  const { domains, addresses } = readCertificate(octetsOf(NAMELESS));
  assertEquals({ domains, addresses }, { domains: [], addresses: [] });
});

Deno.test("readCertificate() throws a SyntaxError at what is no certificate", () => {
  const whole = octetsOf(MX);
  for (let length = 0; length < whole.length; length++) {
    assertThrows(() => readCertificate(whole.subarray(0, length)), SyntaxError);
  }
  assertThrows(
    () => readCertificate(Uint8Array.of(0x30, 0xff)),
    SyntaxError,
    "Cannot read certificate: a length is too long",
  );
});

/** A certificate as it would be with these times and this name. */
function made(
  { times, name = "a" }: {
    readonly times: readonly Uint8Array[];
    readonly name?: string;
  },
): Uint8Array {
  const domain = der.element(0x82, new TextEncoder().encode(name));
  const extension = der.sequence(
    der.objectIdentifier("551d11"),
    der.octetString(der.sequence(domain)),
  );
  const empty = der.sequence();
  return der.sequence(der.sequence(
    ...[empty, empty, empty, der.sequence(...times), empty, empty],
    der.element(0xa3, der.sequence(extension)),
  ));
}

Deno.test("readCertificate() reads a name of any length", () => {
  const times = [der.time(0), der.time(0)];
  const name = "x".repeat(500_000);
  const { domains } = readCertificate(made({ times, name }));
  assertEquals(domains.map(({ length }) => length), [name.length]);
});

Deno.test("readCertificate() takes no time but of DER's own form", () => {
  const good = der.time(0);
  for (
    const text of ["2026", "20260101", "700101000000", "1", "70010100000 Z"]
  ) {
    const odd = der.element(0x18, new TextEncoder().encode(text));
    assertThrows(
      () => readCertificate(made({ times: [good, odd] })),
      SyntaxError,
      "Cannot read certificate: a time is none",
      text,
    );
  }
});

Deno.test("readCertificate() takes no length that is left open", () => {
  const octets = new Uint8Array(200);
  octets.set([0x30, 0x80]);
  assertThrows(
    () => readCertificate(octets),
    SyntaxError,
    "Cannot read certificate: a length is left open",
  );
});

Deno.test("readCertificate() reads or throws a SyntaxError, whatever the octets", () => {
  const whole = octetsOf(ODD);
  for (let at = 0; at < whole.length; at++) {
    for (const octet of [0, 0x7f, 0x80, 0xff]) {
      try {
        readCertificate(whole.with(at, octet));
      } catch (cause) {
        if (!(cause instanceof SyntaxError)) throw cause;
      }
    }
  }
});

for (
  const [host, name, same] of [
    ["mx.test.ru", "mx.test.ru", true],
    ["MX.Test.RU", "mx.test.ru", true],
    ["mx.test.ru", "x.test.ru", false],
    ["mx.test.ru", "*.test.ru", true],
    ["mx.test.ru", "*.ru", false],
    ["mx.test.ru", "*", false],
    ["mx.test.ru", "*x.test.ru", false],
    ["mx.test.ru", "mx.*.ru", false],
    ["test.ru", "*.test.ru", false],
    [".test.ru", "*.test.ru", false],
    ["a.mx.test.ru", "*.test.ru", false],
    ["test.ru", "*.ru", false],
    ["mx.test.ru", "", false],
  ] as const
) {
  Deno.test(`isFor() says ${same} for "${host}" and "${name}"`, () => {
    assertEquals(isFor({ domains: [name], addresses: [] }, host), same);
  });
}

Deno.test("isFor() keeps addresses and domains apart", () => {
  const names = {
    domains: ["192.0.2.1"],
    addresses: ["192.0.2.2", "2001:db8::1"],
  };
  assertEquals(isFor(names, "192.0.2.1"), false);
  assertEquals(isFor(names, "192.0.2.2"), true);
  assertEquals(isFor(names, "2001:DB8:0:0::1"), true);
  assertEquals(isFor(names, "2001:db8::2"), false);
});
