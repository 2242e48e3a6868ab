import { assertEquals } from "@std/assert";
import {
  domainName,
  host,
  network,
  networks,
} from "../../src/config/network_values.ts";

Deno.test("domainName reads names in lower-case ASCII", () => {
  const rows: Readonly<Record<string, string>> = {
    "test.ru": "test.ru",
    "Test.RU": "test.ru",
    "localhost": "localhost",
    "3com.com": "3com.com",
    "1.2.3.4a": "1.2.3.4a",
    "a-b.c--d.ru": "a-b.c--d.ru",
    "münchen.de": "xn--mnchen-3ya.de",
    "xn--mnchen-3ya.de": "xn--mnchen-3ya.de",
    [`${"a".repeat(63)}.ru`]: `${"a".repeat(63)}.ru`,
  };
  for (const [text, name] of Object.entries(rows)) {
    assertEquals(domainName.read(text), name);
  }
});

Deno.test("domainName refuses what is no domain of mail", () => {
  const texts = [
    "",
    ".",
    "test.ru.",
    ".test.ru",
    "a..ru",
    "-a.ru",
    "a-.ru",
    "a_b.ru",
    "a b.ru",
    "a,b.ru",
    "a/b",
    "me@test.ru",
    "test.ru:25",
    "*",
    "*.test.ru",
    "192.0.2.1",
    "0x7f.1",
    "[192.0.2.1]",
    "::1",
    "../etc",
    "a\0.ru",
    `${"a".repeat(64)}.ru`,
    `${"a.".repeat(126)}ru`,
  ];
  for (const text of texts) {
    assertEquals(domainName.read(text), undefined, JSON.stringify(text));
  }
});

Deno.test("host reads addresses and names", () => {
  assertEquals(host.read("127.0.0.1"), "127.0.0.1");
  assertEquals(host.read("::"), "::");
  assertEquals(host.read("[::1]"), "::1");
  assertEquals(host.read("FE80::1"), "fe80::1");
  assertEquals(host.read("localhost"), "localhost");
});

Deno.test("host refuses broken addresses", () => {
  for (
    const text of [
      "",
      "256.0.0.1",
      "1.2.3",
      "[127.0.0.1]",
      "[::1",
      ":::",
      "a:25",
    ]
  ) {
    assertEquals(host.read(text), undefined, text);
  }
});

Deno.test("network reads CIDR notation and single addresses", () => {
  assertEquals(network.read("10.0.0.0/8"), { address: "10.0.0.0", prefix: 8 });
  assertEquals(network.read("0.0.0.0/0"), { address: "0.0.0.0", prefix: 0 });
  assertEquals(network.read("192.0.2.1"), { address: "192.0.2.1", prefix: 32 });
  assertEquals(network.read("fd00::/8"), { address: "fd00::", prefix: 8 });
  assertEquals(network.read("[::1]"), { address: "::1", prefix: 128 });
});

Deno.test("network refuses names, missing parts and prefixes too long", () => {
  for (
    const text of [
      "",
      "/8",
      "10.0.0.0/",
      "10.0.0.0/33",
      "::/129",
      "a.ru/8",
      "::1/8/8",
    ]
  ) {
    assertEquals(network.read(text), undefined, text);
  }
});

Deno.test("networks reads a list, and none", () => {
  assertEquals(networks.read("none"), []);
  assertEquals(networks.read("127.0.0.0/8,::1"), [
    { address: "127.0.0.0", prefix: 8 },
    { address: "::1", prefix: 128 },
  ]);
  for (const text of ["", "none,::1", "::1,", "::1;::2"]) {
    assertEquals(networks.read(text), undefined, text);
  }
});
