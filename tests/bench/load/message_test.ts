import { assert, assertEquals } from "@std/assert";
import { messageText } from "./message.ts";

Deno.test("messageText() is a message of that size, and a dot", () => {
  for (const size of [200, 201, 275, 1_024, 4_096, 65_536]) {
    const text = new TextDecoder().decode(messageText("petya@test.ru", size));
    assert(text.endsWith("\r\n.\r\n"));
    const message = text.slice(0, -3);
    assert(Math.abs(message.length - size) <= 1, `${message.length}`);
    const lines = message.split("\r\n");
    assert(lines.every((line) => line.length <= 78 && !line.startsWith(".")));
    assertEquals(/[\r\n]/.test(lines.join("")), false);
  }
});

Deno.test("messageText() is never less than a header", () => {
  const text = new TextDecoder().decode(messageText("petya@test.ru", 1));
  assert(text.endsWith("Subject: load\r\n\r\n.\r\n"));
});
