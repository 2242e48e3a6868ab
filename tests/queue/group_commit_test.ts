import { assert, assertEquals, assertRejects } from "@std/assert";
import { makeGroupCommit } from "../../src/queue/group_commit.ts";
import type { Batch, Settlement } from "../../src/queue/queue.ts";
import { fakeClock, fakeLog, letter, quiet, START } from "./fakes.ts";

/** A group commit before a queue whose commits end when they are told to. */
function setUp({ turn = queueMicrotask as (task: () => void) => void } = {}) {
  const clock = fakeClock();
  const log = fakeLog();
  const batches: Batch[] = [];
  const ends: { resolve: () => void; reject: (cause: unknown) => void }[] = [];
  let judge: ((batch: Batch) => unknown) | undefined = () => undefined;
  const commits = makeGroupCommit({
    queue: {
      commit(batch) {
        batches.push(batch);
        if (judge) {
          const cause = judge(batch);
          return cause === undefined
            ? Promise.resolve()
            : Promise.reject(cause);
        }
        return new Promise((resolve, reject) => ends.push({ resolve, reject }));
      },
    },
    clock,
    log,
    turn,
  });
  return {
    clock,
    log,
    commits,
    batches,
    ends,
    sizes: () => batches.map(({ put, settle }) => [put.length, settle.length]),
    /** Commits end with what `change` says, or, without one, when told to. */
    decide(change: ((batch: Batch) => unknown) | undefined) {
      judge = change;
    },
    put() {
      const { message, content } = letter();
      return commits.put(message, content);
    },
  };
}

function news(id = "00000000001"): Settlement {
  return { id, at: START, recipients: [] };
}

const failure = new Error("disk I/O error");
const full = Object.assign(new Error("disk is full"), { code: "ENOSPC" });

Deno.test("put() resolves when its commit has ended, not before", async () => {
  const { decide, put, ends } = setUp();
  decide(undefined);
  let done = false;
  const whenDone = put().then(() => done = true);
  await quiet();
  assertEquals(ends.length, 1);
  assertEquals(done, false);
  ends[0]?.resolve();
  await whenDone;
});

Deno.test("put() commits together what came during the last commit", async () => {
  const { decide, put, ends, sizes } = setUp();
  decide(undefined);
  const first = put();
  await quiet();
  const rest = [put(), put(), put()];
  await quiet();
  assertEquals(sizes(), [[1, 0]]);
  ends[0]?.resolve();
  await first;
  await quiet();
  assertEquals(sizes(), [[1, 0], [3, 0]]);
  ends[1]?.resolve();
  await Promise.all(rest);
});

Deno.test("put() waits while turns bring more, and one turn alone", async () => {
  const turns: (() => void)[] = [];
  const { put, sizes } = setUp({ turn: (task) => turns.push(task) });
  const first = put();
  await quiet();
  const second = put();
  turns.shift()?.();
  await quiet();
  assertEquals(sizes(), []);
  turns.shift()?.();
  await Promise.all([first, second]);
  assertEquals(sizes(), [[2, 0]]);
  assertEquals(turns.length, 0);

  const lone = put();
  await quiet();
  turns.shift()?.();
  await lone;
  assertEquals(turns.length, 0);
});

Deno.test("put() does not wait for ever for company", async () => {
  const others: Promise<void>[] = [];
  const { put, sizes } = setUp({
    turn(task) {
      if (others.length < 1000) others.push(put());
      queueMicrotask(task);
    },
  });
  await put();
  assert((sizes()[0]?.[0] ?? 0) < 20);
  await quiet();
  await Promise.all(others);
});

Deno.test("put() throws when its commit fails, and only then", async () => {
  const { decide, put } = setUp();
  decide(() => full);
  assertEquals(await assertRejects(() => put()), full);
  decide(() => undefined);
  await put();
});

Deno.test("settle() rides on the next message's commit", async () => {
  const { clock, commits, put, sizes } = setUp();
  const settled = commits.settle(news());
  await quiet();
  assertEquals(sizes(), []);
  await put();
  await settled;
  assertEquals(sizes(), [[1, 1]]);
  assertEquals(clock.pending(), 0);
});

Deno.test("settle() goes alone after a short while", async () => {
  const { clock, commits, sizes } = setUp();
  const settled = [commits.settle(news()), commits.settle(news())];
  await clock.advance(9);
  assertEquals(sizes(), []);
  await clock.advance(1);
  await Promise.all(settled);
  assertEquals(sizes(), [[0, 2]]);
});

Deno.test("settle() goes alone in a crowd", async () => {
  const { commits, sizes } = setUp();
  await Promise.all(Array.from({ length: 64 }, () => commits.settle(news())));
  assertEquals(sizes(), [[0, 64]]);
});

Deno.test("settle() whose time came during a commit goes right after it", async () => {
  const { decide, clock, commits, put, ends, sizes } = setUp();
  decide(undefined);
  const first = put();
  await quiet();
  const settled = commits.settle(news());
  await clock.advance(60);
  decide(() => undefined);
  ends[0]?.resolve();
  await Promise.all([first, settled]);
  assertEquals(sizes(), [[1, 0], [0, 1]]);
});

Deno.test("settle() commits the reports with the news", async () => {
  const { commits, clock, batches } = setUp();
  const report = letter();
  const settled = commits.settle(news(), [report]);
  await clock.advance(50);
  await settled;
  assertEquals(batches[0]?.put, [report]);
  assertEquals(batches[0]?.settle, [news()]);
});

Deno.test("settle() is tried again until it is durable", async () => {
  const { decide, clock, commits, put, log, batches } = setUp();
  decide(() => failure);
  let done = false;
  const settled = commits.settle(news()).then(() => done = true);
  await assertRejects(() => put(), Error, "disk I/O error");
  await clock.advance(12_000);
  assertEquals(done, false);
  assertEquals(log.of("commit failed").length, 3);
  decide(() => undefined);
  await clock.advance(5000);
  await settled;
  assertEquals(batches.at(-1)?.settle, [news()]);
  assertEquals(clock.pending(), 0);
});

Deno.test("settle() that fails for ever doesn't fail the rest", async () => {
  const { decide, clock, commits, put } = setUp();
  decide(({ settle }) =>
    settle.some(({ id }) => id === "poison") ? failure : undefined
  );
  const poison = commits.settle(news("poison"));
  const settled = [commits.settle(news()), commits.settle(news())];
  const message = put();
  await assertRejects(() => message);
  await clock.advance(5000);
  await Promise.all(settled);
  await put();
  await Promise.all([
    assertRejects(() => poison, Error, "Queue is closed"),
    commits.close(),
  ]);
});

Deno.test("settle() isn't tried once for each when the disk is full", async () => {
  const { decide, clock, commits, sizes } = setUp();
  decide(() => full);
  const settled = [1, 2, 3].map(() => commits.settle(news()));
  await clock.advance(50);
  assertEquals(sizes(), [[0, 3]]);
  await clock.advance(5000);
  assertEquals(sizes(), [[0, 3], [0, 1]]);
  decide(() => undefined);
  await clock.advance(5000);
  await Promise.all(settled);
});

Deno.test("settle() isn't tried once for each while all fail alike, and all have their turn", async () => {
  const { decide, clock, commits, batches, log } = setUp();
  const ids = ["1", "2", "3", "4", "5"];
  decide(() => failure);
  const settled = ids.map((id) => commits.settle(news(id)));
  await clock.advance(50);
  const tried = () =>
    batches.splice(0).map(({ settle }) => settle.map(({ id }) => id).join());
  assertEquals(tried(), ["1,2,3,4,5"]);
  for (const turns of [["1", "2"], ["3", "4"], ["5", "1"]]) {
    await clock.advance(5000);
    assertEquals(tried(), turns);
  }
  assertEquals(log.of("commit failed").length, 7);
  // Two that fail for ever keep nobody from being tried.
  decide(({ settle }) =>
    settle.some(({ id }) => id === "2" || id === "3") ? failure : undefined
  );
  await clock.advance(5000);
  await clock.advance(5000);
  await Promise.all([settled[0], settled[3], settled[4]]);
  await Promise.all([
    commits.close(),
    assertRejects(() => settled[1]!, Error, "Queue is closed"),
    assertRejects(() => settled[2]!, Error, "Queue is closed"),
  ]);
});

Deno.test("flush() commits what waits, at once", async () => {
  const { commits, clock, sizes } = setUp();
  const settled = commits.settle(news());
  await commits.flush();
  await settled;
  assertEquals(sizes(), [[0, 1]]);
  assertEquals(clock.pending(), 0);
});

Deno.test("flush() waits for the commit under way", async () => {
  const { decide, commits, put, ends, sizes } = setUp();
  decide(undefined);
  const first = put();
  await quiet();
  const second = put();
  const flushed = commits.flush();
  await quiet();
  assertEquals(sizes(), [[1, 0]]);
  decide(() => undefined);
  ends[0]?.resolve();
  await Promise.all([first, second, flushed]);
  assertEquals(sizes(), [[1, 0], [1, 0]]);
});

Deno.test("close() gives up news that can't be committed, and leaves no timer", async () => {
  const { decide, clock, commits } = setUp();
  decide(() => failure);
  const settled = commits.settle(news());
  await Promise.all([
    assertRejects(() => settled, Error, "Queue is closed"),
    commits.close(),
  ]);
  assertEquals(clock.pending(), 0);
});

Deno.test("close() is the end, even for news about to be tried again", async () => {
  const { decide, clock, commits, put, ends, batches } = setUp();
  decide(() => failure);
  const settled = commits.settle(news());
  const whenSettled = assertRejects(() => settled, Error, "Queue is closed");
  await clock.advance(50);
  decide(undefined);
  const last = put();
  await quiet();
  decide(() => failure);
  const closed = commits.close();
  // The retry is due while the close waits for a commit under way.
  await clock.advance(5000);
  ends[0]?.resolve();
  await Promise.all([last, closed, whenSettled]);
  await quiet();
  assertEquals(batches.length, 3);
  assertEquals(clock.pending(), 0);
});
