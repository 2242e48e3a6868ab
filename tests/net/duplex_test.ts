import { assert, assertEquals } from "@std/assert";
import { once } from "node:events";
import { duplexOver } from "../../src/net/duplex.ts";
import { memoryTransports, scriptedTransport } from "./memory_transport.ts";

const text = (pieces: readonly Uint8Array[]) =>
  pieces.map((piece) => new TextDecoder().decode(piece)).join("");
const bytes = (words: string) => new TextEncoder().encode(words);

/** Lets everything happen that waits for nothing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

Deno.test("duplexOver() reads until the transport ends, then closes it", async () => {
  let closed = 0;
  const stream = duplexOver(scriptedTransport([bytes("one "), bytes("two")], {
    [Symbol.dispose]: () => void closed++,
  }));
  stream.end();
  assertEquals(text(await Array.fromAsync(stream)), "one two");
  if (!stream.closed) await once(stream, "close");
  assertEquals(closed, 1);
});

Deno.test("duplexOver() keeps writing after the transport's end", async () => {
  const sent: Uint8Array[] = [];
  const stream = duplexOver(scriptedTransport([], {
    write(piece) {
      sent.push(piece.slice());
      return Promise.resolve(true);
    },
  }));
  stream.resume();
  await once(stream, "end");
  await new Promise((resolve) => stream.write(bytes("still "), resolve));
  stream.end(bytes("here"));
  await once(stream, "close");
  assertEquals(text(sent), "still here");
});

Deno.test("duplexOver() takes no more than its reader has room for", async () => {
  let taken = 0;
  const endless = (function* () {
    for (;; taken += 1024) yield new Uint8Array(1024);
  })();
  const stream = duplexOver(scriptedTransport(endless));
  stream.read();
  await settle();
  assert(taken >= 1024, `took ${taken}`);
  assert(taken <= 32 * 1024, `took ${taken}`);
  stream.destroy();
  await once(stream, "close");
});

Deno.test("duplexOver() has little room at hand while little comes", async () => {
  const comes = [100, 2048, 5000, 16_384, 2047, 1];
  const room: number[] = [];
  const stream = duplexOver(scriptedTransport([], {
    read(into) {
      room.push(into.length);
      return Promise.resolve(comes.shift() ?? null);
    },
  }));
  stream.resume();
  await once(stream, "end");
  assertEquals(room, [2048, 2048, 16_384, 16_384, 16_384, 2048, 2048]);
  stream.destroy();
});

Deno.test("duplexOver() is done writing when the transport is", async () => {
  const [ours, theirs] = memoryTransports();
  const stream = duplexOver(ours);
  let done = false;
  const written = new Promise<void>((resolve) =>
    stream.write(bytes("hello"), () => {
      done = true;
      resolve();
    })
  );
  await settle();
  assertEquals(done, false);
  assertEquals(await theirs.read(new Uint8Array(10)), 5);
  await written;
  stream.destroy();
  await once(stream, "close");
});

Deno.test("duplexOver() says that the connection broke", async () => {
  let closed = false;
  const stream = duplexOver(scriptedTransport([], {
    write: () => Promise.resolve(false),
    [Symbol.dispose]: () => void (closed = true),
  }));
  stream.write(bytes("hello"));
  const [error] = await once(stream, "error");
  assertEquals(error.message, "Cannot send: the connection broke");
  assertEquals(closed, true);
});

Deno.test("duplexOver() keeps back what comes when it is destroyed", async () => {
  const late = Promise.withResolvers<number>();
  const stream = duplexOver(
    scriptedTransport([], { read: () => late.promise }),
  );
  const seen: unknown[] = [];
  stream.on("data", (piece) => seen.push(piece));
  await settle();
  stream.destroy();
  late.resolve(5);
  await settle();
  assertEquals(seen, []);
});

Deno.test("duplexOver() ends a read that waits when it is destroyed", async () => {
  const [ours, theirs] = memoryTransports();
  const stream = duplexOver(ours);
  stream.resume();
  await settle();
  stream.destroy();
  await once(stream, "close");
  assertEquals(await theirs.write(bytes("late")), false);
});
