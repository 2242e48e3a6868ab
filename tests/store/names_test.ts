import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { folderNames, safeName } from "../../src/store/names.ts";

const NAMES: Readonly<Record<string, string>> = {
  "petya": "petya",
  "a.b_c+d=e-f9": "a.b_c+d=e-f9",
  "": "%",
  ".": "%2E",
  "..": "%2E%2E",
  "...": "%2E.%2E",
  ".smtpd": "%2Esmtpd",
  "../../etc/passwd": "%2E.%2F..%2Fetc%2Fpasswd",
  "..\\..\\windows": "%2E.%5C..%5Cwindows",
  "-rf": "%2Drf",
  "trailing.": "trailing%2E",
  "trailing ": "trailing%20",
  "nul\0byte": "nul%00byte",
  'a:b*c?d"e<f>g|h': "a%3Ab%2Ac%3Fd%22e%3Cf%3Eg%7Ch",
  "100%": "100%25",
  "~root": "%7Eroot",
  "$home": "%24home",
  "con": "%63on",
  "aux.txt": "%61ux.txt",
  "com1": "%63om1",
  "lpt9.tar.gz": "%6Cpt9.tar.gz",
  "conin$": "conin%24",
  "console": "console",
  "com10": "com10",
  "petya.lock": "petya.loc%6B",
  ".lock": "%2Elock",
  "clock": "clock",
  "petya.lock.": "petya.lock%2E",
  "раураl": "%D1%80%D0%B0%D1%83%D1%80%D0%B0l",
  "gp\u202Eexe": "gp%E2%80%AEexe",
  "zero\u200Bwidth": "zero%E2%80%8Bwidth",
  "\u{1F4EC}": "%F0%9F%93%AC",
};

Deno.test("safeName() encodes what some system would not take as it is", async (t) => {
  for (const [text, name] of Object.entries(NAMES)) {
    await t.step(JSON.stringify(text), () => {
      assertEquals(safeName(text), name);
    });
  }
});

Deno.test("safeName() makes a different plain name of every text", () => {
  const texts = [...Object.keys(NAMES), ...Object.values(NAMES)];
  const names = new Set([...new Set(texts)].map(safeName));
  assertEquals(names.size, new Set(texts).size);
  for (const name of names) {
    assert(/^(?![.-])[a-z0-9._+=%A-F~-]+(?<!\.)$/.test(name), name);
  }
});

Deno.test("safeName() shortens long names and still tells them apart", () => {
  const start = "a".repeat(99);
  assertEquals(safeName(start + "b"), start + "b");
  const [one, other] = [safeName(start + "bc"), safeName(start + "bd")];
  assertEquals(one.length, 100);
  assert(/^a{67}~[0-9a-f]{32}$/.test(one), one);
  assertNotEquals(one, other);
  // Encoding is what makes this one long; no octet is cut in half.
  assert(/^a(%D1%8F){11}~[0-9a-f]{32}$/.test(safeName("a" + "я".repeat(40))));
});

Deno.test("safeName() keeps a device's name harmless when the text is long", () => {
  assert(safeName("con." + "a".repeat(200)).startsWith("%63on.a"));
});

Deno.test("folderNames() is the same for all spellings of a mailbox", () => {
  const composed = { local: "Ren\u00E9", domain: "B\u00FCcher.Example" };
  const decomposed = { local: "RENE\u0301", domain: "XN--BCHER-KVA.example." };
  assertEquals(folderNames(composed), [
    "xn--bcher-kva.example",
    "ren%C3%A9",
  ]);
  assertEquals(folderNames(decomposed), folderNames(composed));
});

Deno.test("folderNames() keeps odd domains inside the store", () => {
  const domains = {
    "[192.0.2.1]": "%5B192.0.2.1%5D",
    "[IPv6:::1]": "%5Bipv6%3A%3A%3A1%5D",
    "..": "%2E",
    "../x": "%2E.%2Fx",
    ".smtpd": "%2Esmtpd",
    "con.example": "%63on.example",
    "x\u202Ey.ru": "x%E2%80%AEy.ru",
    "": "%",
  };
  for (const [domain, name] of Object.entries(domains)) {
    assertEquals(folderNames({ local: "a", domain }), [name, "a"]);
  }
});
