import { assertEquals } from "@std/assert";
import { keepTidy } from "../../src/server/tidying.ts";
import { fakeClock, fakeLog } from "../queue/fakes.ts";

const MINUTE = 60_000;

/** Tidying up that fails so often. */
function setUp(failures: number) {
  const clock = fakeClock();
  const log = fakeLog();
  let tries = 0;
  const tidying = keepTidy({
    tidy: () =>
      ++tries > failures
        ? Promise.resolve()
        : Promise.reject(new Error("disk is broken")),
    clock,
    log,
  });
  return { tidying, clock, log, tries: () => tries };
}

Deno.test("keepTidy() tidies up once", async () => {
  const { tidying, clock, log, tries } = setUp(0);
  tidying.start();
  await clock.advance(10 * MINUTE);
  await tidying.stop();
  assertEquals(tries(), 1);
  assertEquals(log.lines, []);
});

Deno.test("keepTidy() tries again what fails", async () => {
  const { tidying, clock, log, tries } = setUp(2);
  tidying.start();
  await clock.advance(10 * MINUTE);
  assertEquals(tries(), 3);
  assertEquals(log.lines, []);
});

Deno.test("keepTidy() says what it gives up", async () => {
  const { tidying, clock, log, tries } = setUp(Infinity);
  tidying.start();
  await clock.advance(60 * MINUTE);
  assertEquals(tries(), 10);
  assertEquals(log.of("temporary files not removed"), [
    { error: "disk is broken" },
  ]);
});

Deno.test("stop() makes no other try", async () => {
  const { tidying, clock, tries } = setUp(9);
  tidying.start();
  await tidying.stop();
  await clock.advance(10 * MINUTE);
  assertEquals(tries(), 1);
  assertEquals(clock.pending(), 0);
});
