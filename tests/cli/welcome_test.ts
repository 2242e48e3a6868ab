import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { welcome } from "../../src/cli/welcome.ts";

const DOOR = {
  setting: "port",
  port: 2525,
  implicitTls: false,
  login: "offered",
} as const;

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
    assertEquals(
      welcome(settings, [{ ...DOOR, addresses: [{ address, port: 2525 }] }]),
      [
        `Listening on ${shown}`,
        `Keeping mail for every address in ${PLACE}`,
        `Point a mail client at ${client}, port 2525`,
      ],
    );
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
    assertEquals(lines[0], `Keeping mail for ${whose} in ${PLACE}`);
  }
});

Deno.test("welcome() sends people to their own port", () => {
  const settings = { accept: "all", domains: [], mailDir: "mail" } as const;
  const at = (port: number) => [{ address: "192.0.2.1", port }];
  const people = { ...DOOR, login: "required" } as const;
  assertEquals(
    welcome(settings, [
      { ...DOOR, login: "no", addresses: at(25) },
      { ...people, setting: "submission-port", addresses: at(587) },
      { ...people, implicitTls: true, addresses: at(465) },
    ]),
    [
      "Listening on 192.0.2.1:25",
      "Listening for users who log in on 192.0.2.1:587",
      "Listening for users who log in under TLS on 192.0.2.1:465",
      `Keeping mail for every address in ${PLACE}`,
      "Point a mail client at 192.0.2.1, port 587",
    ],
  );
});
