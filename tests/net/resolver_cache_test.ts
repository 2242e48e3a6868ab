import { assertEquals } from "@std/assert";
import type { Answer, Resolver } from "../../src/ports/resolver.ts";
import { cachedResolver } from "../../src/net/resolver_cache.ts";
import { manualClock } from "../log/manual_clock.ts";

/** A resolver with one answer to everything, which counts how often it is asked. */
function counting(answer: Answer<never>) {
  const asked: string[] = [];
  const resolver: Resolver = {
    mx(domain) {
      asked.push(`MX ${domain}`);
      return Promise.resolve(answer);
    },
    addresses(host) {
      asked.push(`address ${host}`);
      return Promise.resolve(answer);
    },
    ipv4(host) {
      asked.push(`IPv4 ${host}`);
      return Promise.resolve(answer);
    },
  };
  const clock = manualClock("2026-01-01T00:00:00Z");
  return { asked, clock, cached: cachedResolver(resolver, clock) };
}

const KEPT: readonly (readonly [Answer<never>, number])[] = [
  [{ kind: "records", records: [] }, 60_000],
  [{ kind: "none" }, 30_000],
  [{ kind: "no domain" }, 30_000],
  [{ kind: "failed", why: "silence" }, 10_000],
];
for (const [answer, time] of KEPT) {
  Deno.test(`cachedResolver() keeps "${answer.kind}" for ${time / 1000} s`, async () => {
    const { asked, clock, cached } = counting(answer);
    assertEquals(await cached.mx("foo.test"), answer);
    await clock.advance(time - 1);
    assertEquals(await cached.mx("FOO.test"), answer);
    assertEquals(asked, ["MX foo.test"]);
    await clock.advance(1);
    assertEquals(await cached.mx("foo.test"), answer);
    assertEquals(asked.length, 2);
  });
}

Deno.test("cachedResolver() keeps domains and kinds of question apart", async () => {
  const { asked, cached } = counting({ kind: "none" });
  for (const name of ["foo.test", "bar.test", "foo.test"]) {
    await cached.mx(name);
    await cached.addresses(name);
    await cached.ipv4(name);
  }
  assertEquals(asked, [
    ...["MX foo.test", "address foo.test", "IPv4 foo.test"],
    ...["MX bar.test", "address bar.test", "IPv4 bar.test"],
  ]);
});

Deno.test("cachedResolver() asks once for all who wait for the same", async () => {
  const { promise, resolve } = Promise.withResolvers<Answer<string>>();
  let asked = 0;
  const clock = manualClock("2026-01-01T00:00:00Z");
  const cached = cachedResolver({
    mx: () => Promise.resolve({ kind: "none" }),
    addresses: () => {
      asked++;
      return promise;
    },
    ipv4: () => Promise.resolve({ kind: "none" }),
  }, clock);
  const first = cached.addresses("foo.test");
  await clock.advance(3_600_000);
  const second = cached.addresses("foo.test");
  resolve({ kind: "records", records: ["192.0.2.1"] });
  assertEquals(await first, await second);
  await cached.addresses("foo.test");
  assertEquals(asked, 1);
});

Deno.test("cachedResolver() forgets the oldest answer past its limit", async () => {
  const { asked, cached } = counting({ kind: "none" });
  for (let n = 0; n <= 10_000; n++) await cached.mx(`${n}.test`);
  assertEquals(asked.length, 10_001);
  await cached.mx("1.test");
  assertEquals(asked.length, 10_001);
  await cached.mx("0.test");
  assertEquals(asked.length, 10_002);
});
