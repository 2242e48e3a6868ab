import { assertEquals } from "@std/assert";
import { starterOf, startThread } from "../../src/system/thread.ts";

const CODE = new URL("echo_thread.ts", import.meta.url).href;

Deno.test("a thread hears and answers, and octets change hands", async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const thread = await startThread<unknown, unknown>(
    { url: CODE, name: "echo" },
    { heard: resolve, broken: resolve },
  );
  const octets = new Uint8Array([1, 2, 3]);
  thread!.say({ octets }, [octets.buffer]);
  assertEquals(await promise, { octets: new Uint8Array([1, 2, 3]) });
  assertEquals(octets.length, 0);
  thread!.end();
});

Deno.test("a thread that throws is known to be broken", async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const thread = await startThread<unknown, unknown>(
    { url: CODE, name: "echo" },
    { heard: () => {}, broken: resolve },
  );
  thread!.say("throw");
  assertEquals(await promise, "Uncaught Error: as told");
  thread!.end();
});

Deno.test("code that is imported isn't a thread", () => {
  assertEquals(starterOf({ url: CODE, name: "echo" }), undefined);
});

Deno.test("no thread is started where its code may not be read", {
  permissions: { read: false },
}, async () => {
  const nothing = { heard() {}, broken() {} };
  assertEquals(
    await startThread({ url: CODE, name: "echo" }, nothing),
    undefined,
  );
});
