import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  formatMailbox,
  formatReversePath,
  isAddressLiteral,
  isAsciiMailbox,
  isDomain,
  isIpv4,
  isIpv6,
  parseForwardPath,
  parseMailbox,
  parseReversePath,
} from "../../src/smtp/address.ts";

const NONE = { permissions: "none" } as const;

/** Mailboxes of RFC 5321 §4.1.2's grammar: as they stand, and their two parts. */
const VALID:
  readonly (readonly [text: string, local: string, domain: string])[] = [
    ["a@b", "a", "b"],
    ["petya@test.ru", "petya", "test.ru"],
    ["PETYA@Test.RU", "PETYA", "Test.RU"],
    ["petya+tag@test.ru", "petya+tag", "test.ru"],
    ["first.second.third@test.ru", "first.second.third", "test.ru"],
    ["!#$%&'*+-/=?^_`{|}~@test.ru", "!#$%&'*+-/=?^_`{|}~", "test.ru"],
    ["1@2", "1", "2"],
    ["-@a-b.c", "-", "a-b.c"],
    ["a@xn--80a1acny.xn--p1ai", "a", "xn--80a1acny.xn--p1ai"],
    ["a@web_1.local", "a", "web_1.local"],
    ["a@_dmarc.test.ru", "a", "_dmarc.test.ru"],
    ['"a"@b', "a", "b"],
    ['""@b', "", "b"],
    ['" "@b', " ", "b"],
    ['"a b"@b', "a b", "b"],
    ['"a@b"@c', "a@b", "c"],
    ['"<>()[]:;,."@b', "<>()[]:;,.", "b"],
    ['"\\""@b', '"', "b"],
    ['"\\\\"@b', "\\", "b"],
    ['"\\a\\ \\~"@b', "a ~", "b"],
    ['"a.b"@c', "a.b", "c"],
    ["пётр@почта.рф", "пётр", "почта.рф"],
    ['"пётр иванов"@почта.рф', "пётр иванов", "почта.рф"],
    ["用户@例子.广告", "用户", "例子.广告"],
    ["📨@test.ru", "📨", "test.ru"],
    ["a@[192.0.2.1]", "a", "[192.0.2.1]"],
    ["a@[IPv6:::1]", "a", "[IPv6:::1]"],
    ["a@[iPV6:2001:db8::192.0.2.1]", "a", "[iPV6:2001:db8::192.0.2.1]"],
    [`${"l".repeat(64)}@b`, "l".repeat(64), "b"],
    [`"${"\\l".repeat(64)}"@b`, "l".repeat(64), "b"],
    [`${"и".repeat(32)}@b`, "и".repeat(32), "b"],
    [`a@${"d.".repeat(127)}d`, "a", `${"d.".repeat(127)}d`],
    [`a@${"d".repeat(255)}`, "a", "d".repeat(255)],
  ];

const INVALID: readonly string[] = [
  "",
  "a",
  "@",
  "a@",
  "@b",
  "a@b@c",
  "a b@c",
  "a@b c",
  ".a@b",
  "a.@b",
  "a..b@c",
  "a,b@c",
  "a(comment)@b",
  "a:b@c",
  "a;b@c",
  "a<b@c",
  "a>b@c",
  "a[b@c",
  "a\\b@c",
  'a"b@c',
  '"a@b',
  'a"@b',
  '"a"b"@c',
  '"a"b@c',
  'a."b"@c',
  '"\\"@b',
  '"a\tb"@c',
  '"a\u007fb"@c',
  '"\\ж"@b',
  "a\tb@c",
  "a\0@b",
  "a@.b",
  "a@b.",
  "a@b..c",
  "a@-b",
  "a@b-",
  "a@b-.c",
  "a@b.-c",
  "a@b!c",
  "a@b/c",
  "a@[]",
  "a@[192.0.2.1",
  "a@192.0.2.1]",
  "a@[192.0.2]",
  "a@[192.0.2.256]",
  "a@[::1]",
  "a@[IPv6:]",
  "a@[IPv6:1]",
  "a@[tag:content]",
  "a@[a]b",
  "a@[1.2.3.4][1.2.3.4]",
  " a@b",
  "a@b ",
  "<a@b>",
  "a@b\n",
  `${"l".repeat(65)}@b`,
  `"${"l".repeat(65)}"@b`,
  `${"и".repeat(33)}@b`,
  `a@${"d.".repeat(127)}dd`,
  `a@${"д.".repeat(85)}d.d`,
];

Deno.test("parseMailbox() reads what the grammar allows", NONE, () => {
  for (const [text, local, domain] of VALID) {
    assertEquals(parseMailbox(text), { local, domain }, text);
  }
});

Deno.test("parseMailbox() refuses everything else", NONE, () => {
  for (const text of INVALID) {
    assertEquals(parseMailbox(text), undefined, JSON.stringify(text));
  }
});

Deno.test("formatMailbox() writes what parseMailbox() reads back", NONE, () => {
  for (const [, local, domain] of VALID) {
    assertEquals(parseMailbox(formatMailbox({ local, domain })), {
      local,
      domain,
    });
  }
});

Deno.test("formatMailbox() quotes only where it must", NONE, () => {
  const format = (local: string) => formatMailbox({ local, domain: "b" });
  assertEquals(format("a.b"), "a.b@b");
  assertEquals(format("пётр"), "пётр@b");
  assertEquals(format(""), '""@b');
  assertEquals(format(".a"), '".a"@b');
  assertEquals(format("a..b"), '"a..b"@b');
  assertEquals(format('"\\'), '"\\"\\\\"@b');
});

Deno.test(
  "formatMailbox() writes the postmaster without a domain",
  NONE,
  () => {
    assertEquals(
      formatMailbox({ local: "Postmaster", domain: "" }),
      "Postmaster",
    );
  },
);

Deno.test("formatReversePath() writes the null path as nothing", NONE, () => {
  assertEquals(formatReversePath(null), "");
  assertEquals(formatReversePath({ local: "a", domain: "b" }), "a@b");
});

Deno.test("parseReversePath() reads paths up to their >", NONE, () => {
  for (const [text, local, domain] of VALID) {
    for (const route of ["", "@one.example:", "@one.example,@two.example:"]) {
      for (const rest of ["", " SIZE=1", "x"]) {
        assertEquals(parseReversePath(`<${route}${text}>${rest}`), {
          kind: "path",
          mailbox: { local, domain },
          rest,
        });
      }
    }
  }
  assertEquals(parseReversePath("<>x"), {
    kind: "path",
    mailbox: null,
    rest: "x",
  });
});

Deno.test("parseReversePath() says what is wrong", NONE, () => {
  const why = (text: string) => {
    const path = parseReversePath(text);
    return path.kind === "fault" ? path.why : undefined;
  };
  assertEquals(why("a@b"), "the address must stand in <angle brackets>");
  assertEquals(why("<a@b"), "the closing > is missing");
  assertEquals(why("<a>"), "not an address");
  assertEquals(why("<a@[1]>"), "not an address literal");
  assertEquals(
    why(`<${"l".repeat(65)}@b>`),
    "the local part is longer than 64 octets",
  );
  assertEquals(
    why(`<a@${"d".repeat(256)}>`),
    "the domain is longer than 255 octets",
  );
});

Deno.test("parseReversePath() refuses malformed source routes", NONE, () => {
  for (
    const text of [
      "<@a>",
      "<@a:>",
      "<@:b@c>",
      "<@a,b@c>",
      "<@a,:b@c>",
      "<@a:@b:c@d>",
      "<@a, @b:c@d>",
      "<a:b@c>",
      "<@[192.0.2.1]:b@c>",
      "<@a-:b@c>",
    ]
  ) assertEquals(parseReversePath(text).kind, "fault", text);
});

Deno.test("parseForwardPath() knows the postmaster in any case", NONE, () => {
  for (const local of ["postmaster", "Postmaster", "POSTMASTER"]) {
    assertEquals(parseForwardPath(`<${local}> x`), {
      kind: "path",
      mailbox: { local, domain: "" },
      rest: " x",
    });
  }
  assertEquals(parseForwardPath("<poſtmaster>").kind, "fault");
  assertEquals(parseForwardPath("<>").kind, "fault");
  assertEquals(parseReversePath("<postmaster>").kind, "fault");
});

Deno.test("isAsciiMailbox() looks at both parts", NONE, () => {
  assert(isAsciiMailbox({ local: "a", domain: "b" }));
  assertFalse(isAsciiMailbox({ local: "ж", domain: "b" }));
  assertFalse(isAsciiMailbox({ local: "a", domain: "ж" }));
});

Deno.test("isDomain() knows names from all else", NONE, () => {
  for (const text of ["a", "test.ru", "рф", "a-b", "1.2", "d".repeat(255)]) {
    assert(isDomain(text), text);
  }
  for (const text of ["", "a.", ".a", "a b", "[1.2.3.4]", "d".repeat(256)]) {
    assertFalse(isDomain(text), text);
  }
});

Deno.test("isIpv4() takes four numbers up to 255", NONE, () => {
  for (const text of ["0.0.0.0", "255.255.255.255", "001.02.3.4"]) {
    assert(isIpv4(text), text);
  }
  for (
    const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.256",
      "1.2.3.",
      "1.2.3.0004",
    ]
      .concat("1.2.3.a", " 1.2.3.4", "1.2.3.4\n", "0x1.2.3.4", "-1.2.3.4")
  ) assertFalse(isIpv4(text), text);
});

Deno.test("isIpv6() takes full, compressed and mixed addresses", NONE, () => {
  for (
    const text of [
      "::",
      "::1",
      "1::",
      "1:2:3:4:5:6:7:8",
      "1:2:3:4:5:6:1.2.3.4",
      "1::8",
      "1:2:3::8",
      "1:2:3:4:5:6::",
      "1:2:3:4:5:6:7::",
      "::2:3:4:5:6:7:8",
      "::1.2.3.4",
      "::ffff:1.2.3.4",
      "1:2:3:4::1.2.3.4",
      "ABCD:abcd::",
      "0000::0000",
    ]
  ) assert(isIpv6(text), text);
  for (
    const text of [
      "",
      ":",
      ":::",
      "1",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7::8",
      "1::2::3",
      ":1::2",
      "1::2:",
      "1:",
      ":1",
      "12345::",
      "g::",
      "1.2.3.4",
      "1.2.3.4::",
      "1.2.3.4::1",
      "::1.2.3.4:1",
      "::1.2.3",
      "::1.2.3.256",
      "1:2:3:4:5:6:7:1.2.3.4",
      "::%eth0",
      "::1\n",
      " ::1",
    ]
  ) assertFalse(isIpv6(text), text);
});

Deno.test(
  "isAddressLiteral() wants brackets and, for IPv6, the tag",
  NONE,
  () => {
    for (const text of ["[1.2.3.4]", "[IPv6:::1]", "[ipv6:1::]"]) {
      assert(isAddressLiteral(text), text);
    }
    for (
      const text of [
        "1.2.3.4",
        "[1.2.3.4",
        "1.2.3.4]",
        "[]",
        "[::1]",
        "[IPv6:]",
      ]
        .concat(
          "[IPv6:1.2.3.4]",
          "[IPv4:1.2.3.4]",
          "[[1.2.3.4]]",
          "[1.2.3.4]\n",
        )
    ) assertFalse(isAddressLiteral(text), text);
  },
);
