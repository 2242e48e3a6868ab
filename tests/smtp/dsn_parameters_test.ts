import { assertEquals } from "@std/assert";
import {
  formatDsnMailParameters,
  formatDsnRcptParameters,
  parseEnvid,
  parseNotify,
  parseOrcpt,
  parseRet,
} from "../../src/smtp/dsn_parameters.ts";

Deno.test("parseRet() reads both values in any case and no other", () => {
  assertEquals(parseRet("full"), { ret: "FULL" });
  assertEquals(parseRet("HDRS"), { ret: "HDRS" });
  for (const bad of [undefined, "", "FULL,HDRS", "BODY", "HDRſ"]) {
    assertEquals(parseRet(bad), "expected FULL or HDRS");
  }
});

Deno.test("parseEnvid() takes printable ASCII of at most 100 characters", () => {
  assertEquals(parseEnvid("a+20b+2B"), { envid: "a b+" });
  const longest = "x".repeat(100);
  assertEquals(parseEnvid(longest), { envid: longest });
  assertEquals(parseEnvid(`${longest}x`), "longer than 100 characters");
  for (const bad of [undefined, "", "+", "a+0D+0AX", "+00", "+7F", "+D0+B6"]) {
    assertEquals(
      parseEnvid(bad),
      "expected printable ASCII, encoded as xtext",
      bad,
    );
  }
});

Deno.test("parseNotify() reads NEVER alone, or a list in any case", () => {
  assertEquals(parseNotify("never"), { notify: [] });
  assertEquals(parseNotify("Success,FAILURE,delay"), {
    notify: ["SUCCESS", "FAILURE", "DELAY"],
  });
  assertEquals(parseNotify("DELAY,DELAY"), { notify: ["DELAY"] });
  const bad = [
    undefined,
    "",
    "NEVER,DELAY",
    "DELAY,",
    "ALWAYS",
    "NEVER,NEVER",
    "ſUCCEſſ",
  ];
  for (const value of bad) {
    assertEquals(
      parseNotify(value),
      "expected NEVER, or a list of SUCCESS, FAILURE and DELAY",
      value,
    );
  }
});

Deno.test("parseOrcpt() reads addresses of each type", () => {
  const read: Readonly<Record<string, readonly [string, string]>> = {
    "rfc822;a@b.test": ["rfc822", "a@b.test"],
    "RFC822;a+2Bb+3D@b.test": ["rfc822", "a+b=@b.test"],
    "rfc822;+22a+20b+22@b.test": ["rfc822", '"a b"@b.test'],
    "rfc822;a;b@c.test": ["rfc822", "a;b@c.test"],
    "utf-8;a@b.test": ["utf-8", "a@b.test"],
    "utf-8;ж@b.test": ["utf-8", "ж@b.test"],
    "utf-8;\\x{436}\\x{2B}@b.test": ["utf-8", "ж+@b.test"],
    "x400;/S=Doe+20J": ["x400", "/S=Doe J"],
  };
  for (const [value, [type, address]] of Object.entries(read)) {
    assertEquals(parseOrcpt(value), { orcpt: { type, address } }, value);
  }
});

Deno.test("parseOrcpt() says what is wrong", () => {
  const wrong: Readonly<Record<string, string>> = {
    "": "expected TYPE;ADDRESS",
    "a@b.test": "expected TYPE;ADDRESS",
    ";a@b.test": "expected TYPE;ADDRESS",
    "rfc822;": "expected TYPE;ADDRESS",
    "rfc 822;a": "expected TYPE;ADDRESS",
    "rfc822;ж@b.test": "not an encoded ASCII address",
    "rfc822;a+0D+0Ab": "not an encoded ASCII address",
    "rfc822;a+b": "not an encoded ASCII address",
    "utf-8;\\x{0A}": "not an encoded UTF-8 address",
    "utf-8;\\x{85}": "not an encoded UTF-8 address",
    "utf-8;\\x{2028}": "not an encoded UTF-8 address",
    "utf-8;a\u2028b": "not an encoded UTF-8 address",
    "utf-8;\\y": "not an encoded UTF-8 address",
    [`rfc822;${"x".repeat(494)}`]: "longer than 500 characters",
  };
  for (const [value, why] of Object.entries(wrong)) {
    assertEquals(parseOrcpt(value), why, value);
  }
  assertEquals(parseOrcpt(undefined), "expected TYPE;ADDRESS");
});

Deno.test("formatDsnMailParameters() writes what there is", () => {
  assertEquals(formatDsnMailParameters({}), []);
  assertEquals(formatDsnMailParameters({ ret: "FULL", envid: "a b=" }), [
    "RET=FULL",
    "ENVID=a+20b+3D",
  ]);
});

Deno.test("formatDsnMailParameters() leaves out an ENVID that got too long", () => {
  // A client may write "=" as it is, though it shouldn't; we write +3D.
  const read = parseEnvid("=".repeat(34));
  assertEquals(read, { envid: "=".repeat(34) });
  assertEquals(formatDsnMailParameters({ envid: "=".repeat(34) }), []);
  assertEquals(formatDsnMailParameters({ envid: "=".repeat(33) }).length, 1);
});

Deno.test("formatDsnRcptParameters() writes ORCPT in the form the server takes", () => {
  const write = (type: string, address: string, smtputf8: boolean) =>
    formatDsnRcptParameters({ orcpt: { type, address } }, { smtputf8 })[0];
  assertEquals(
    write("rfc822", "a+b@c.test", true),
    "ORCPT=rfc822;a+2Bb@c.test",
  );
  assertEquals(
    write("utf-8", "ж+@c.test", true),
    "ORCPT=utf-8;ж\\x{2B}@c.test",
  );
  assertEquals(
    write("utf-8", "ж+@c.test", false),
    "ORCPT=utf-8;\\x{436}\\x{2B}@c.test",
  );
});

Deno.test("formatDsnRcptParameters() leaves out an ORCPT that got too long", () => {
  const orcpt = { type: "utf-8", address: `${"ж".repeat(80)}@c.test` };
  const notify = ["SUCCESS", "DELAY"] as const;
  const write = (smtputf8: boolean) =>
    formatDsnRcptParameters({ notify, orcpt }, { smtputf8 });
  assertEquals(write(true).length, 2);
  assertEquals(write(false), ["NOTIFY=SUCCESS,DELAY"]);
  assertEquals(formatDsnRcptParameters({}, { smtputf8: true }), []);
});
