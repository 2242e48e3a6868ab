import { assertEquals } from "@std/assert";
import {
  makeRemotePool,
  type PooledSession,
} from "../../src/delivery/remote_pool.ts";
import { fakeClock, quiet } from "../queue/fakes.ts";

/** A connection that notes when it is ended. */
interface FakeSession extends PooledSession {
  isOpen: boolean;
  /** Lets the server's goodbye come. */
  left(): void;
  quits: number;
}

function session(): FakeSession {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    isOpen: true,
    quits: 0,
    left: resolve,
    quit() {
      this.quits++;
      return promise;
    },
  };
}

Deno.test("take() gives the connection used last, to each server its own", () => {
  const clock = fakeClock();
  const pool = makeRemotePool<FakeSession>({ clock });
  const [one, two, other] = [session(), session(), session()];
  pool.put("a", one);
  pool.put("a", two);
  pool.put("b", other);
  assertEquals(pool.take("c"), undefined);
  assertEquals(pool.take("a"), two);
  assertEquals(pool.take("a"), one);
  assertEquals(pool.take("a"), undefined);
  assertEquals(pool.take("b"), other);
  assertEquals(clock.pending(), 0);
});

Deno.test("put() passes over a connection that is closed", () => {
  const clock = fakeClock();
  const pool = makeRemotePool<FakeSession>({ clock });
  const one = session();
  one.isOpen = false;
  pool.put("a", one);
  assertEquals(pool.take("a"), undefined);
  assertEquals(one.quits, 0);
  assertEquals(clock.pending(), 0);
});

Deno.test("put() keeps a connection for so long and no longer", async () => {
  const clock = fakeClock();
  const pool = makeRemotePool<FakeSession>({ clock, patience: 2000 });
  const one = session();
  pool.put("a", one);
  await clock.advance(1999);
  assertEquals(pool.take("a"), one);
  pool.put("a", one);
  await clock.advance(1999);
  assertEquals(one.quits, 0);
  await clock.advance(1);
  assertEquals(one.quits, 1);
  assertEquals(pool.take("a"), undefined);
});

Deno.test("put() keeps so many connections and no more", async () => {
  const clock = fakeClock();
  const pool = makeRemotePool<FakeSession>({ clock, most: 2, patience: 2000 });
  const [one, two, three] = [session(), session(), session()];
  pool.put("a", one);
  pool.put("b", two);
  pool.put("c", three);
  assertEquals([one.quits, two.quits, three.quits], [0, 0, 1]);
  assertEquals(pool.take("c"), undefined);

  // There is room again, whether one was taken or grew old.
  assertEquals(pool.take("a"), one);
  pool.put("a", one);
  await clock.advance(2000);
  assertEquals([one.quits, two.quits], [1, 1]);
  const [four, five] = [session(), session()];
  pool.put("d", four);
  pool.put("d", five);
  assertEquals([four.quits, five.quits], [0, 0]);
});

Deno.test("close() takes leave of all, and waits for those that are leaving", async () => {
  const clock = fakeClock();
  const pool = makeRemotePool<FakeSession>({ clock, patience: 2000 });
  const [old, one, two, late] = [session(), session(), session(), session()];
  pool.put("a", old);
  await clock.advance(2000);
  pool.put("a", one);
  pool.put("a", two);
  let closed = false;
  const closing = pool.close().then(() => closed = true);
  assertEquals([old.quits, one.quits, two.quits], [1, 1, 1]);
  assertEquals(clock.pending(), 0);
  one.left();
  two.left();
  await quiet();
  assertEquals(closed, false);
  old.left();
  await closing;

  pool.put("a", late);
  assertEquals(late.quits, 1);
  assertEquals(pool.take("a"), undefined);
});
