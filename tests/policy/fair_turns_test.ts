import { assert, assertEquals } from "@std/assert";
import { GroupTurns, type Rank, Turns } from "../../src/policy/fair_turns.ts";
import { settle } from "../log/manual_clock.ts";

const { signal } = new AbortController();

/** Those who come, by name: what became of them, and how they leave. */
function visitors() {
  const told: string[] = [];
  const leave = new Map<string, () => void>();
  return {
    told,
    leave: (name: string) => leave.get(name)!(),
    async come(name: string, turn: Promise<Disposable | undefined>) {
      const mine = await turn;
      told.push(mine ? name : `not ${name}`);
      if (mine) leave.set(name, () => mine[Symbol.dispose]());
    },
  };
}

Deno.test("Turns.take() lets as many in as there may be, the others in order", async () => {
  const turns = new Turns({ atOnce: 2, waiting: 3 });
  const { told, leave, come } = visitors();
  for (const name of "abcdef") come(name, turns.take(signal));
  await settle();
  assertEquals(told, ["a", "b", "not f"]);
  leave("b");
  await settle();
  leave("c");
  await settle();
  assertEquals(told.slice(3), ["c", "d"]);
  for (const name of "ad") leave(name);
  await settle();
  leave("e");
  assert(turns.idle);
});

Deno.test("Turns.take() gives no turn to who has left", async () => {
  const turns = new Turns({ atOnce: 1, waiting: 2 });
  const { told, leave, come } = visitors();
  const leaving = new AbortController();
  come("a", turns.take(signal));
  come("b", turns.take(leaving.signal));
  come("c", turns.take(signal));
  leaving.abort();
  await settle();
  come("d", turns.take(signal));
  come("e", turns.take(leaving.signal));
  await settle();
  assertEquals(told, ["a", "not b", "not e"]);
  leave("a");
  await settle();
  leave("c");
  await settle();
  leave("d");
  assertEquals(told.slice(3), ["c", "d"]);
  assert(turns.idle);
});

Deno.test("Turns.take() lets those of a lower rank in first, and has room for each", async () => {
  const turns = new Turns({ atOnce: 1, waiting: 2 });
  const { told, leave, come } = visitors();
  come("a2", turns.take(signal, 2));
  for (const name of ["b2", "c2", "d2", "a1", "b1", "a0", "b0", "c0"]) {
    come(name, turns.take(signal, Number(name[1]) as Rank));
  }
  await settle();
  assertEquals(told, ["a2", "not d2", "not c0"]);
  for (const name of ["a2", "a0", "b0", "a1", "b1", "b2"]) {
    leave(name);
    await settle();
  }
  leave("c2");
  assertEquals(told.slice(3), ["a0", "b0", "a1", "b1", "b2", "c2"]);
  assert(turns.idle);
});

Deno.test("Turns.take() lets nobody in past the others who comes of a low rank", async () => {
  const turns = new Turns({ atOnce: 1, waiting: 1 });
  const { told, leave, come } = visitors();
  const leaving = new AbortController();
  come("a", turns.take(signal, 2));
  come("b", turns.take(leaving.signal, 0));
  come("c", turns.take(signal, 1));
  leaving.abort();
  await settle();
  assertEquals(told, ["a", "not b"]);
  leave("a");
  await settle();
  leave("c");
  assert(turns.idle);
});

Deno.test("GroupTurns.take() lets one of each group in", async () => {
  const turns = new GroupTurns({ waiting: 1 });
  const { told, leave, come } = visitors();
  for (const name of ["a1", "a2", "a3", "b1"]) {
    come(name, turns.take(name[0]!, signal));
  }
  await settle();
  assertEquals(told.toSorted(), ["a1", "b1", "not a3"]);
  leave("a1");
  await settle();
  assertEquals(told.at(-1), "a2");
  come("a4", turns.take("a", signal));
  leave("a2");
  await settle();
  assertEquals(told.at(-1), "a4");
});

Deno.test("GroupTurns.take() starts over with a group that has gone", async () => {
  const turns = new GroupTurns({ waiting: 1 });
  const { told, leave, come } = visitors();
  assertEquals(await turns.take("a", AbortSignal.abort()), undefined);
  for (const round of [1, 2, 3]) {
    await come(`a${round}`, turns.take("a", signal));
    leave(`a${round}`);
  }
  assertEquals(told, ["a1", "a2", "a3"]);
});
