/** Lines of the log, whatever is in them: one line each, that no terminal obeys, and JSON is JSON. */
import { assert, assertEquals } from "@std/assert";
import { escaped, quoted } from "../../src/log/escape.ts";
import { lineFormatter } from "../../src/log/format.ts";
import { formatField, printable, wrap } from "../../src/message/header_text.ts";
import { anyText, several } from "./making.ts";
import { random } from "./random.ts";
import { showing } from "./target.ts";

const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u;

const asText = lineFormatter("text");
const asJson = lineFormatter("json");

/** One try. */
export function log(seed: number): void {
  const chance = random(seed);
  const event = anyText(chance, 20);
  const fields = Object.fromEntries(
    several(
      chance,
      4,
      () => [chance.pick(["a", "time", "level"]), anyText(chance, 30)],
    ),
  );
  showing({ event, fields }, () => {
    const line = { time: 0, level: "info" as const, event, fields };
    for (const written of [asText(line), asJson(line)]) {
      assertEquals(written.indexOf("\n"), written.length - 1);
      assert(!OBEYED.test(written.slice(0, -1)), written);
    }
    const expected = {
      ...fields,
      time: "1970-01-01T00:00:00.000Z",
      level: "info",
      event,
    };
    assertEquals(JSON.parse(asJson(line)), expected);
    assertEquals(JSON.parse(quoted(fields)), fields);
    assert(!OBEYED.test(escaped(event)), "obeyed");

    assert(!OBEYED.test(printable(event)), "obeyed");
    const field = formatField("Subject", event.repeat(chance.pick([1, 100])));
    assert(/^Subject:[^\r\n]*\r\n(?: [^\r\n]*\r\n)*$/.test(field), field);
    for (const each of wrap(event.repeat(99), { first: "> ", next: "> " })) {
      assert(new TextEncoder().encode(each).length <= 998, "too long");
    }
  });
}
