import { assertEquals } from "@std/assert";
import { type LogFormat, type LogLevel, openLog } from "../src/log.ts";
import type { Log } from "../src/ports/log.ts";
import { manualClock } from "./log/manual_clock.ts";

/** What a log writes of what `use` tells it. */
async function logged(
  use: (log: Log) => void,
  { level = "info", format = "text" }: {
    readonly level?: LogLevel;
    readonly format?: LogFormat;
  } = {},
): Promise<string> {
  const clock = manualClock("2026-11-23T02:51:03.123Z");
  let written = "";
  const write = (lines: string) => void (written += lines);
  await using log = openLog({ level, format, write, clock });
  use(log);
  await log[Symbol.asyncDispose]();
  return written;
}

Deno.test("openLog() writes text for people", async () => {
  const text = await logged((log) => {
    log.info("message accepted", {
      id: "0K3F7",
      from: "<a@b.test>",
      size: 4096,
      tls: false,
      user: undefined,
    });
    log.warn("delivery deferred", { to: "", reason: 'disk "mail" is full' });
  });
  assertEquals(
    text,
    "2026-11-23 02:51:03.123 INFO message accepted id=0K3F7 from=<a@b.test> size=4096 tls=false\n" +
      '2026-11-23 02:51:03.123 WARN delivery deferred to="" reason="disk \\"mail\\" is full"\n',
  );
});

Deno.test("openLog() writes JSON for machines", async () => {
  const text = await logged((log) => {
    log.error("delivery failed", { id: "0K3F7", level: "mine", size: 1 });
  }, { format: "json" });
  assertEquals(
    text,
    '{"time":"2026-11-23T02:51:03.123Z","level":"error","event":"delivery failed","id":"0K3F7","size":1}\n',
  );
});

for (const format of ["text", "json"] as const) {
  Deno.test(`openLog() lets no ${format} value forge a line or move the cursor`, async () => {
    const text = await logged((log) => {
      log.info("client refused", {
        helo: "x\r\n2026-11-23 INFO forged\x1b[2J\x9b1A\x7f\u202e",
      });
    }, { format });
    assertEquals(text.split("\n").length, 2);
    assertEquals(/[^\x20-\x7e\n]/.exec(text), null);
  });
}

Deno.test("openLog() leaves out what is less grave than its level", async () => {
  const tell = (log: Log) => {
    log.debug("one");
    log.info("two");
    log.warn("three {braces}");
    log.error("four");
  };
  const events = async (level: LogLevel) =>
    (await logged(tell, { level })).match(/(?<=[A-Z] ).*(?=\n)/g);
  assertEquals(await events("debug"), [
    "one",
    "two",
    "three {braces}",
    "four",
  ]);
  assertEquals(await events("info"), ["two", "three {braces}", "four"]);
  assertEquals(await events("warn"), ["three {braces}", "four"]);
  assertEquals(await events("error"), ["four"]);
});

Deno.test("openLog() can be opened twice, and outlives the other", async () => {
  const clock = manualClock("2026-11-23T02:51:03.123Z");
  const written = { first: "", second: "" };
  const open = (name: "first" | "second", level: LogLevel) =>
    openLog({
      level,
      format: "text",
      clock,
      write: (lines) => void (written[name] += lines),
    });
  const first = open("first", "info");
  const second = open("second", "error");
  first.info("told the first");
  second.info("left out");
  second.error("told the second");
  await first[Symbol.asyncDispose]();
  first.error("too late");
  second.error("told again");
  await second[Symbol.asyncDispose]();
  assertEquals(written, {
    first: "2026-11-23 02:51:03.123 INFO told the first\n",
    second: "2026-11-23 02:51:03.123 ERROR told the second\n" +
      "2026-11-23 02:51:03.123 ERROR told again\n",
  });
});

Deno.test("openLog() says how many lines a stuck writer cost, and keeps the grave ones", async () => {
  const clock = manualClock("2026-11-23T02:51:03.123Z");
  const stuck = Promise.withResolvers<void>();
  let written = "";
  const log = openLog({
    level: "info",
    format: "text",
    clock,
    write(lines) {
      written += lines;
      return stuck.promise;
    },
  });
  log.info("first");
  await clock.advance(50);
  log.error("disk broken");
  for (let n = 0; n < 30_000; n++) log.info("message accepted", { n });
  stuck.resolve();
  await log[Symbol.asyncDispose]();
  const lines = written.trimEnd().split("\n");
  const lost = Number(/log lines lost lines=(\d+)$/.exec(lines[1]!)?.[1]);
  assertEquals(lines[2], "2026-11-23 02:51:03.173 ERROR disk broken");
  assertEquals(lines.at(-1)?.endsWith("n=29999"), true);
  assertEquals(lines.length, 3 + 30_000 - lost);
  assertEquals(written.length < 1.1 * 1024 * 1024, true);
});
