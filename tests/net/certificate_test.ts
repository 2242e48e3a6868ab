import { assertEquals, assertThrows } from "@std/assert";
import { isFor, readCertificate } from "../../src/net/certificate.ts";
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
