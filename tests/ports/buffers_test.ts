import { assert, assertEquals, assertNotStrictEquals } from "@std/assert";
import { BufferPool } from "../../src/ports/buffers.ts";

Deno.test("lend() gives a buffer that was taken back, and each to one borrower", () => {
  const pool = new BufferPool({ octets: 512 });
  const first = pool.lend();
  const second = pool.lend();
  assertEquals(first.length, 512);
  assertNotStrictEquals(first, second);
  pool.takeBack(first);
  assert(pool.lend() === first);
  assert(pool.lend() !== first);
});

Deno.test("takeBack() keeps no more than it was told to", () => {
  const pool = new BufferPool({ octets: 512, keep: 1 });
  const [first, second] = [pool.lend(), pool.lend()];
  pool.takeBack(first);
  pool.takeBack(second);
  assert(pool.lend() === first);
  assert(pool.lend() !== second);
});
