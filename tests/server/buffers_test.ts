import { assert, assertEquals, assertNotStrictEquals } from "@std/assert";
import { BufferPool, LARGE_BUFFER } from "../../src/server/buffers.ts";

Deno.test("lend() gives a buffer that was taken back, and each to one borrower", () => {
  const pool = new BufferPool();
  const first = pool.lend();
  const second = pool.lend();
  assertEquals(first.length, LARGE_BUFFER);
  assertNotStrictEquals(first, second);
  pool.takeBack(first);
  assert(pool.lend() === first);
  assert(pool.lend() !== first);
});

Deno.test("takeBack() keeps no more than it was told to", () => {
  const pool = new BufferPool({ keep: 1 });
  const [first, second] = [pool.lend(), pool.lend()];
  pool.takeBack(first);
  pool.takeBack(second);
  assert(pool.lend() === first);
  assert(pool.lend() !== second);
});
