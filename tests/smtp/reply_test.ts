import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  formatReply,
  isPositive,
  type Reply,
  reply,
  replyLines,
} from "../../src/smtp/reply.ts";

const NONE = { permissions: "none" } as const;

const FORMATS: readonly (readonly [reply: Reply, wire: string])[] = [
  [reply(250, "2.0.0", "OK"), "250 2.0.0 OK\r\n"],
  [{ code: 220, text: "mx ESMTP" }, "220 mx ESMTP\r\n"],
  // RFC 4954 §4: an empty challenge is a space and nothing.
  [{ code: 334, text: "" }, "334 \r\n"],
  [{ code: 250, text: ["mx"] }, "250 mx\r\n"],
  [
    { code: 250, text: ["mx", "SIZE 1", "HELP"] },
    "250-mx\r\n250-SIZE 1\r\n250 HELP\r\n",
  ],
  // RFC 2034 §4: the code in each line.
  [reply(550, "5.7.1", ["one", "two"]), "550-5.7.1 one\r\n550 5.7.1 two\r\n"],
];

Deno.test("formatReply() writes one line or several", NONE, () => {
  for (const [given, wire] of FORMATS) {
    assertEquals(formatReply(given), wire);
    assertEquals(`${replyLines(given).join("\r\n")}\r\n`, wire);
  }
});

Deno.test("isPositive() divides at 400", NONE, () => {
  for (const code of [200, 250, 334, 354, 399]) {
    assert(isPositive({ code, text: "" }));
  }
  for (const code of [400, 421, 550]) {
    assertFalse(isPositive({ code, text: "" }));
  }
});
