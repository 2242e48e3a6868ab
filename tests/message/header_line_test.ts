import { assertEquals } from "@std/assert";
import { type LineStart, lineStart } from "../../src/message/header_line.ts";

const LINES: readonly (readonly [string, LineStart])[] = [
  ["Subject: x", { kind: "field", name: "subject" }],
  ["Subject:", { kind: "field", name: "subject" }],
  ["Subject \t:", { kind: "field", name: "subject" }],
  ["Subj", { kind: "unclear" }],
  ["Subject ", { kind: "unclear" }],
  ["Subject\r\n", { kind: "text" }],
  ["Subject x:", { kind: "text" }],
  [":", { kind: "text" }],
  ["\0", { kind: "text" }],
  [" Subject: x", { kind: "folded" }],
  ["\t", { kind: "folded" }],
  ["\r\n", { kind: "empty" }],
  ["\n", { kind: "empty" }],
  ["\r", { kind: "unclear" }],
  ["\rx", { kind: "text" }],
  ["From vasya@test.ru", { kind: "mbox" }],
  ["from vasya@test.ru", { kind: "text" }],
  ["From ", { kind: "unclear" }],
  ["From : vasya@test.ru", { kind: "field", name: "from" }],
  ["x".repeat(998) + ":", { kind: "field", name: "x".repeat(998) }],
  ["x".repeat(998), { kind: "unclear" }],
  ["x".repeat(999), { kind: "text" }],
  ["x" + " ".repeat(998) + ":", { kind: "text" }],
];

for (const [text, start] of LINES) {
  const shown = JSON.stringify(text.slice(0, 20));
  Deno.test(`lineStart() takes ${shown}, ${text.length} octets, for ${start.kind}`, () => {
    const octets = new TextEncoder().encode(`\r\n${text}`);
    assertEquals(lineStart(octets, 2), start);
  });
}
