import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { formatReport } from "../../src/message/dsn.ts";
import type { ReportFacts } from "../../src/message/dsn_facts.ts";
import { CASES, FAILURE, mailbox, octets } from "./dsn_cases.ts";

const decoder = new TextDecoder();

/** After `--`, writes the golden files anew: `deno test -A tests/message/dsn_test.ts -- --update`. */
const UPDATE = Deno.args.includes("--update");

function textOf(facts: ReportFacts): string {
  return decoder.decode(formatReport(facts).octets);
}

/** The parts between the boundaries, after the header. */
function partsOf(text: string): readonly string[] {
  const boundary = /boundary="(.+)"/.exec(text)![1]!;
  return text.split(`--${boundary}`).slice(1, -1).map((part) =>
    part.slice(2, -2)
  );
}

for (const [name, facts] of Object.entries(CASES)) {
  const golden = new URL(`./dsn/${name}.eml`, import.meta.url);

  Deno.test(`formatReport() writes dsn/${name}.eml`, async () => {
    const text = textOf(facts).replaceAll("\r\n", "\n");
    if (UPDATE) await Deno.writeTextFile(golden, text);
    const expected = await Deno.readTextFile(golden);
    assertEquals(text, expected.replaceAll("\r\n", "\n"));
  });

  Deno.test(`formatReport() keeps to lines and boundaries in ${name}`, () => {
    const report = formatReport(facts);
    const text = decoder.decode(report.octets);
    const lines = text.split("\r\n");
    for (const line of lines) {
      // deno-lint-ignore no-control-regex -- they are what must not be there
      assert(!/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line), line);
      assert(new TextEncoder().encode(line).length <= 998, line);
    }
    const boundary = /boundary="(.+)"/.exec(text)![1]!;
    const delimiters = lines.filter((line) => line.startsWith(`--${boundary}`));
    assertEquals(delimiters, [
      ...partsOf(text).map(() => `--${boundary}`),
      `--${boundary}--`,
    ]);
    assertEquals(
      report.body === "8BITMIME",
      report.octets.some((octet) => octet > 127),
    );
  });
}

Deno.test("formatReport() has one field of each name, whatever others said", () => {
  for (const [name, facts] of Object.entries(CASES)) {
    const [header] = textOf(facts).split("\r\n\r\n");
    const names = [...header!.matchAll(/^([^\s:]+):/gm)].map((it) => it[1]);
    assertEquals(new Set(names).size, names.length, name);
    assert(!names.includes("Bcc"), name);
  }
});

Deno.test("formatReport() has one Action and Status per recipient", () => {
  for (const [name, facts] of Object.entries(CASES)) {
    const status = partsOf(textOf(facts))[1]!;
    for (const field of ["Final-Recipient", "Action", "Status"]) {
      const count = status.match(new RegExp(`^${field}: `, "gm"))?.length;
      assertEquals(count, facts.recipients.length, `${name}: ${field}`);
    }
  }
});

Deno.test("formatReport() needs SMTPUTF8 only for a sender in UTF-8", () => {
  const utf8 = CASES.utf8!;
  assertEquals(formatReport(utf8).smtputf8, true);
  const ascii = { ...utf8, sender: mailbox("petya@test.ru") };
  const report = formatReport(ascii);
  assertEquals(report.smtputf8, false);
  assertEquals(report.body, "8BITMIME");
  assertEquals(report.recipient, ascii.sender);
});

Deno.test("formatReport() passes round a boundary that is taken", () => {
  const header = octets("A: --=_0K3F7Q2M1QX\nB: --=_0K3F7Q2M1QX.1--\n");
  const text = textOf({
    ...FAILURE,
    message: {
      ...FAILURE.message,
      returned: { kind: "header", octets: header },
    },
  });
  assertMatch(text, /boundary="=_0K3F7Q2M1QX\.2"/);
  assertEquals(partsOf(text).length, 3);
});

Deno.test("formatReport() returns all of a message only if it is sound text", () => {
  const typeOf = (message: Uint8Array, smtputf8 = false) =>
    /^Content-Type: (.+)$/m.exec(
      partsOf(textOf({
        ...FAILURE,
        message: {
          ...FAILURE.message,
          smtputf8,
          returned: { kind: "message", octets: message },
        },
      }))[2] ?? "",
    )?.[1];
  assertEquals(typeOf(octets("A: b\n\nж\n")), "message/rfc822");
  assertEquals(typeOf(octets("A: ж\n\nж\n"), true), "message/global");
  assertEquals(typeOf(octets("A: b\n\nж\n"), true), "message/rfc822");
  assertEquals(typeOf(octets("A: ж\n\nж\n")), "text/rfc822-headers");
  assertEquals(
    typeOf(new Uint8Array([...octets("A: "), 0xe9, ...octets("\n\n")]), true),
    "text/rfc822-headers",
  );
  assertEquals(typeOf(octets("A: b\n\nc\0\n")), "text/rfc822-headers");
  assertEquals(
    typeOf(new TextEncoder().encode("A: b\n\nbare\n")),
    "text/rfc822-headers",
  );
  assertEquals(
    typeOf(octets(`A: b\n\n${"x".repeat(999)}\n`)),
    "text/rfc822-headers",
  );
  assertEquals(typeOf(octets(`A: b\n\n${"x".repeat(998)}`)), "message/rfc822");
  assertEquals(typeOf(octets("\nno header\n")), undefined);
});

Deno.test("formatReport() returns a header without its body", () => {
  const header = (text: string) =>
    partsOf(textOf({
      ...FAILURE,
      message: {
        ...FAILURE.message,
        returned: { kind: "header", octets: octets(text) },
      },
    }))[2]!.split("\r\n\r\n").slice(1).join("\r\n\r\n");
  assertEquals(header("A: b\nC: d\n\nbody\n"), "A: b\r\nC: d\r\n");
  assertEquals(header("A: b\nC: d\n"), "A: b\r\nC: d\r\n");
  assertEquals(header("A: b"), "A: b");
});

Deno.test("formatReport() answers only to a Message-ID of the right form", () => {
  const withId = (messageId: string) =>
    textOf({ ...FAILURE, message: { ...FAILURE.message, messageId } });
  assertMatch(
    withId("<a@b>"),
    /\r\nIn-Reply-To: <a@b>\r\nReferences: <a@b>\r\n/,
  );
  for (
    const bad of ["a@b", "<a b@c>", "<a@b", "<>", "<ж@b>", "<a@b>\r\nX: y"]
  ) {
    assert(!withId(bad).includes("In-Reply-To"), bad);
  }
});

Deno.test("formatReport() throws when its caller got it wrong", () => {
  const seeds = ["", "a b", 'a"', "a\r\n", "x".repeat(51)];
  for (const seed of seeds) {
    assertThrows(() => formatReport({ ...FAILURE, seed }), RangeError, "seed");
  }
  assertThrows(
    () => formatReport({ ...FAILURE, recipients: [] }),
    TypeError,
    "no recipients",
  );
});
