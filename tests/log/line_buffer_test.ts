import { assert, assertEquals } from "@std/assert";
import { openLineBuffer } from "../../src/log/line_buffer.ts";
import { manualClock, settle } from "./manual_clock.ts";

function fixture(write?: (lines: string) => Promise<void>) {
  const clock = manualClock("2026-11-23T00:00:00Z");
  const written: string[] = [];
  const buffer = openLineBuffer({
    clock,
    write(lines) {
      written.push(lines);
      return write?.(lines);
    },
    lost: (count) => `lost ${count}\n`,
    delay: 50,
    batch: 20,
    limit: 40,
  });
  return { clock, written, buffer };
}

Deno.test("openLineBuffer() writes lines together after the delay", async () => {
  const { clock, written, buffer } = fixture();
  buffer.add("one\n");
  await clock.advance(49);
  buffer.add("two\n");
  assertEquals(written, []);
  await clock.advance(1);
  assertEquals(written, ["one\ntwo\n"]);
  assertEquals(clock.waiting, 0);
  await buffer[Symbol.asyncDispose]();
});

Deno.test("openLineBuffer() writes a full batch without waiting", async () => {
  const { clock, written, buffer } = fixture();
  buffer.add("0123456789\n");
  buffer.add("0123456789\n");
  assertEquals(written, ["0123456789\n0123456789\n"]);
  assertEquals(clock.waiting, 0);
  await buffer[Symbol.asyncDispose]();
});

Deno.test("openLineBuffer() writes one batch at a time", async () => {
  const slow = Promise.withResolvers<void>();
  const { clock, written, buffer } = fixture(() => slow.promise);
  buffer.add("one\n");
  await clock.advance(50);
  buffer.add("two\n");
  await clock.advance(500);
  assertEquals(written, ["one\n"]);
  slow.resolve();
  await settle();
  await clock.advance(50);
  assertEquals(written, ["one\n", "two\n"]);
  await buffer[Symbol.asyncDispose]();
});

Deno.test("openLineBuffer() loses the oldest lines, those to keep last", async () => {
  const slow = Promise.withResolvers<void>();
  const { clock, written, buffer } = fixture(() => slow.promise);
  buffer.add("in the slow write\n");
  await clock.advance(50);
  buffer.add("keep me\n", true);
  for (let line = 1; line <= 1000; line++) buffer.add(`line ${line}\n`);
  slow.resolve();
  await buffer[Symbol.asyncDispose]();
  const [, note, kept, ...rest] = written.join("").split(/(?<=\n)/);
  assertEquals(kept, "keep me\n");
  assertEquals(rest.at(-1), "line 1000\n");
  assertEquals(note, `lost ${1000 - rest.length}\n`);
  assert(written[1]!.length <= 40 + note!.length);
});

Deno.test("openLineBuffer() is bounded though every line is to be kept", async () => {
  const slow = Promise.withResolvers<void>();
  const { clock, written, buffer } = fixture(() => slow.promise);
  buffer.add("first\n");
  await clock.advance(50);
  for (let line = 0; line < 100; line++) buffer.add(`line ${line}\n`, true);
  slow.resolve();
  await buffer[Symbol.asyncDispose]();
  assert(written[1]!.startsWith("lost 9"));
  assert(written[1]!.endsWith("line 99\n"));
});

Deno.test("openLineBuffer() counts lines of a failed write as lost", async () => {
  let broken = true;
  const { clock, written, buffer } = fixture(() =>
    broken ? Promise.reject(new Error("no space")) : Promise.resolve()
  );
  buffer.add("one\n");
  buffer.add("two\n");
  await clock.advance(50);
  buffer.add("three\n");
  await clock.advance(50);
  broken = false;
  buffer.add("four\n");
  await clock.advance(50);
  assertEquals(written.at(-1), "lost 3\nfour\n");
  await buffer[Symbol.asyncDispose]();
});

Deno.test("openLineBuffer() writes what is waiting when disposed of, then nothing", async () => {
  const { clock, written, buffer } = fixture(() => settle());
  buffer.add("one\n");
  await clock.advance(50);
  buffer.add("two\n");
  await buffer[Symbol.asyncDispose]();
  buffer.add("three\n");
  await buffer[Symbol.asyncDispose]();
  assertEquals(written, ["one\n", "two\n"]);
  assertEquals(clock.waiting, 0);
});
