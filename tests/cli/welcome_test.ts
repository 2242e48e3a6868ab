import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { welcome } from "../../src/cli/welcome.ts";

const PLACE = join("mail", "DOMAIN", "USER");

Deno.test("welcome() sends a client of this machine to where the server listens", () => {
  const settings = { accept: "all", domains: [], mailDir: "mail" } as const;
  const rows = [
    ["::", "[::]:2525", "127.0.0.1"],
    ["0.0.0.0", "0.0.0.0:2525", "127.0.0.1"],
    ["::1", "[::1]:2525", "::1"],
    ["192.0.2.1", "192.0.2.1:2525", "192.0.2.1"],
  ] as const;
  for (const [address, shown, client] of rows) {
    assertEquals(welcome(settings, [{ address, port: 2525 }]), [
      `Listening on ${shown}`,
      `Keeping mail for every address in ${PLACE}`,
      `Point a mail client at ${client}, port 2525`,
    ]);
  }
});

Deno.test("welcome() says whose mail is kept", () => {
  const domains = ["a.ru", "b.ru"];
  for (
    const [accept, whose] of [
      ["known", "users at a.ru, b.ru"],
      ["domain", "every name at a.ru, b.ru"],
    ] as const
  ) {
    const lines = welcome({ accept, domains, mailDir: "mail" }, []);
    assertEquals(lines[1], `Keeping mail for ${whose} in ${PLACE}`);
  }
});
