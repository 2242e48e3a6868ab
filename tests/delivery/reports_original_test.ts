import { assertEquals, assertRejects } from "@std/assert";
import { readOriginal } from "../../src/delivery/reports_original.ts";
import type { Content } from "../../src/ports/content.ts";
import { bytes } from "../queue/fakes.ts";
import { diskError, memoryDisk } from "../store/memory_disk.ts";

async function read(content: Content, whole = false, disk = memoryDisk()) {
  const { returned, messageId } = await readOriginal(content, { disk, whole });
  return {
    kind: returned?.kind,
    text: new TextDecoder().decode(returned?.octets),
    messageId,
  };
}

const FIELD = `X-Field: ${"x".repeat(989)}\r\n`;

Deno.test("readOriginal() reads the header of a message, or all of it", async () => {
  const text = `Subject: Hi\r\n\r\n${"Text\r\n".repeat(20_000)}`;
  const header = await read(bytes(text));
  assertEquals(header.kind, "header");
  assertEquals(header.text.startsWith("Subject: Hi\r\n\r\nText"), true);
  assertEquals(header.text.length < 65_536, true);
  assertEquals(await read(bytes(text), true), {
    kind: "message",
    text,
    messageId: undefined,
  });
});

Deno.test("readOriginal() cuts a long header where a line ends", async () => {
  const { text } = await read(bytes(FIELD.repeat(100)));
  assertEquals(text, FIELD.repeat(65));
});

Deno.test("readOriginal() leaves a short message as it is", async () => {
  for (const text of ["", "No newline", "Subject: Hi\r\n\r\nNo newline"]) {
    assertEquals((await read(bytes(text))).text, text);
  }
});

Deno.test("readOriginal() reads a file no further than it must", async () => {
  const disk = memoryDisk();
  const text = `Message-ID: <1@test.ru>\r\n${FIELD.repeat(300)}`;
  disk.put("spool/1", text);
  const content = { kind: "file", path: "spool/1" } as const;
  const found = await read(content, false, disk);
  assertEquals(found.messageId, "<1@test.ru>");
  assertEquals(text.startsWith(found.text), true);
  assertEquals(disk.open, 0);
  assertEquals((await read(content, true, disk)).text, text);
});

Deno.test("readOriginal() throws when the disk fails", async () => {
  const disk = memoryDisk();
  disk.before = (_, path) => {
    throw diskError("EIO", path);
  };
  const content = { kind: "file", path: "spool/1" } as const;
  await assertRejects(() => readOriginal(content, { disk, whole: false }));
});

const IDS: readonly (readonly [header: string, id: string | undefined])[] = [
  ["Message-ID: <a@b>\r\n", "<a@b>"],
  ["Subject: x\r\nmessage-id:<a@b> (comment)\r\n", "<a@b>"],
  ["Message-Id:\r\n <folded@b>\r\n", "<folded@b>"],
  ["Message-ID:\t<tab@b>\n", "<tab@b>"],
  ["X-Message-ID: <a@b>\r\n", undefined],
  ["Message-ID: none\r\n", undefined],
  ["Message-ID: <a b>\r\n", undefined],
  ["Subject: x\r\n\r\nMessage-ID: <body@b>\r\n", undefined],
  ["Subject: x\n\nMessage-ID: <body@b>\r\n", undefined],
  ["\r\nMessage-ID: <body@b>\r\n", undefined],
];

Deno.test("readOriginal() finds the Message-ID in the header only", async () => {
  for (const [header, id] of IDS) {
    assertEquals((await read(bytes(header))).messageId, id, header);
  }
});
