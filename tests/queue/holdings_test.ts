import { assertEquals } from "@std/assert";
import { makeHoldings } from "../../src/queue/holdings.ts";
import { freshStates } from "../../src/queue/state.ts";
import { bytes, letter } from "./fakes.ts";

function hold(holdings: ReturnType<typeof makeHoldings>, text: string) {
  const { message, content } = letter([], { content: bytes(text) });
  return holdings.hold(
    { message, states: freshStates(message) },
    content,
    false,
  );
}

Deno.test("makeHoldings() keeps no more content at hand than agreed", () => {
  const holdings = makeHoldings(10);
  const first = hold(holdings, "123456");
  const second = hold(holdings, "12345");
  const third = hold(holdings, "1234");
  assertEquals(
    [first, second, third].map(({ content }) => content !== undefined),
    [true, false, true],
  );
  assertEquals(holdings.counts(), { held: 3, hot: 10 });
});

Deno.test("makeHoldings() gives room back, once", () => {
  const holdings = makeHoldings(10);
  const first = hold(holdings, "123456");
  holdings.cool(first);
  holdings.cool(first);
  assertEquals(holdings.counts(), { held: 1, hot: 0 });
  const second = hold(holdings, "1234567890");
  holdings.drop(first);
  holdings.drop(second);
  assertEquals(holdings.counts(), { held: 0, hot: 0 });
  assertEquals(holdings.ids(), []);
});

Deno.test("makeHoldings() counts no memory for a file", () => {
  const holdings = makeHoldings(1);
  const { message } = letter();
  const held = holdings.hold(
    { message, states: [] },
    { kind: "file", path: "spool/x" },
    true,
  );
  assertEquals(held.content, { kind: "file", path: "spool/x" });
  assertEquals(holdings.counts(), { held: 1, hot: 0 });
  assertEquals(holdings.has(message.id), true);
});
