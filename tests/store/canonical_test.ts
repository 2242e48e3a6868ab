import { assertEquals } from "@std/assert";
import {
  canonicalDomain,
  canonicalMailbox,
  mailboxKey,
} from "../../src/store/canonical.ts";

Deno.test("canonicalDomain() has one spelling for each domain", () => {
  const domains = {
    "TEST.ru": "test.ru",
    "test.ru.": "test.ru",
    "пример.РФ": "xn--e1afmkfd.xn--p1ai",
    "XN--E1AFMKFD.xn--p1ai": "xn--e1afmkfd.xn--p1ai",
    "ｔｅｓｔ。ru": "test.ru",
    "[IPv6:2001:DB8::1]": "[ipv6:2001:db8::1]",
    "ｔｅｓｔ。ru。": "test.ru",
    "пример.рф.": "xn--e1afmkfd.xn--p1ai",
    "not\u202Ea.domain": "not\u202Ea.domain",
    "test.ru\u2003": "test.ru\u2003",
  };
  for (const [domain, canonical] of Object.entries(domains)) {
    assertEquals(canonicalDomain(domain), canonical);
    assertEquals(canonicalDomain(canonical), canonical);
  }
});

Deno.test("canonicalMailbox() folds case and composes the local part", () => {
  const locals = { "PETYA": "petya", "E\u0301": "\u00E9", "ПЕТЯ": "петя" };
  for (const [local, canonical] of Object.entries(locals)) {
    assertEquals(canonicalMailbox({ local, domain: "A.b" }), {
      local: canonical,
      domain: "a.b",
    });
  }
});

Deno.test("mailboxKey() quotes only where it must", () => {
  assertEquals(mailboxKey({ local: "A B", domain: "X.y" }), '"a b"@x.y');
  assertEquals(mailboxKey({ local: "A.B", domain: "X.y" }), "a.b@x.y");
});
