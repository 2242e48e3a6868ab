import { assertEquals } from "@std/assert";
import { saslprep } from "../../src/store/saslprep.ts";

Deno.test(
  "saslprep() maps as RFC 4013 §3 has it",
  { permissions: "none" },
  () => {
    const passwords = {
      "I\u00adX": "IX",
      "user": "user",
      "USER": "USER",
      "\u00aa": "a",
      "\u2168": "IX",
      "a\u00a0b\u3000c\u200bd": "a b c d",
      "\ufeffa\u200db\ufe0f": "ab",
      "cafe\u0301": "caf\u00e9",
      " петя ": " петя ",
    };
    for (const [password, prepared] of Object.entries(passwords)) {
      assertEquals(saslprep(password), prepared);
    }
  },
);
