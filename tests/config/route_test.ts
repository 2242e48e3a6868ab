import { assert, assertEquals, assertMatch } from "@std/assert";
import { readFlags, SERVER_FLAGS } from "../../src/config/flags.ts";
import { helpText } from "../../src/config/help.ts";
import { loadSettings } from "../../src/config/load.ts";
import { type Route, route } from "../../src/config/route.ts";

const PASSWORD = "tanstaaftanstaaf";

/** What the config file's value for `route` is read as. */
function load(value: unknown) {
  return loadSettings(readFlags(["--accept", "all"], SERVER_FLAGS), {
    path: "smtpd.json",
    text: JSON.stringify({ route: value }),
  });
}

function read(value: unknown): readonly Route[] {
  const loaded = load(value);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return loaded.settings.routes;
}

function problems(value: unknown): readonly string[] {
  const loaded = load(value);
  return loaded.ok ? [] : loaded.problems;
}

Deno.test("route reads a domain or *, a host and perhaps a port", () => {
  const rows = [
    ["test.ru=mail.test.ru", "test.ru", "mail.test.ru", 25],
    ["Test.RU=10.0.0.1:2525", "test.ru", "10.0.0.1", 2525],
    ["*=[::1]:587", "*", "::1", 587],
    ["*=[::1]", "*", "::1", 25],
  ] as const;
  for (const [text, domain, host, port] of rows) {
    assertEquals(route.read(text), { domain, host, port });
  }
});

Deno.test("route refuses missing parts and bare IPv6 addresses", () => {
  const texts = ["", "test.ru", "=a.ru", "a.ru=", "a.ru=b.ru:", "a.ru=b.ru:0"];
  const more = ["a.ru=b.ru:65536", "a.ru=::1", "*.ru=b.ru", "a=b=c"];
  for (const text of [...texts, ...more]) {
    assertEquals(route.read(text), undefined, text);
  }
});

Deno.test("route reads an object of the config file", () => {
  assertEquals(
    read({ domain: "Test.RU", host: "[::1]", port: "2525", tls: "never" }),
    [{ domain: "test.ru", host: "::1", port: 2525, tls: "never" }],
  );
});

Deno.test("route reads texts and objects side by side", () => {
  assertEquals(
    read(["a.ru=b.ru:26", { domain: "*", host: "c.ru", port: 27 }]),
    [
      { domain: "a.ru", host: "b.ru", port: 26 },
      { domain: "*", host: "c.ru", port: 27 },
    ],
  );
});

Deno.test("route knows the port that goes with the rest", () => {
  const login = { user: "petya", password: PASSWORD };
  for (
    const [fields, port] of [
      [{}, 25],
      [{ tls: "require" }, 25],
      [login, 587],
      [{ tls: "implicit" }, 465],
      [{ ...login, tls: "implicit" }, 465],
      [{ ...login, port: 2525 }, 2525],
    ] as const
  ) {
    const [route] = read({ domain: "*", host: "a.ru", ...fields });
    assertEquals(route?.port, port);
  }
});

Deno.test("route reads an account with its password or the file of it", () => {
  const common = { domain: "*", host: "a.ru", user: "me@a.ru" };
  const [withPassword] = read({ ...common, password: PASSWORD });
  const password = withPassword!.login!.password;
  if ("file" in password) throw new Error("There should be no file");
  assertEquals(password.reveal(), PASSWORD);

  const [withFile] = read({ ...common, "password-file": "secret.txt" });
  assertEquals(withFile?.login, {
    user: "me@a.ru",
    password: { file: "secret.txt" },
  });
});

Deno.test("route shows its password to nobody who doesn't ask", () => {
  const loaded = load({
    domain: "*",
    host: "a.ru",
    user: "me",
    password: PASSWORD,
  });
  for (
    const shown of [JSON.stringify(loaded), Deno.inspect(loaded, { depth: 99 })]
  ) {
    assertMatch(shown, /a\.ru/);
    assert(!shown.includes(PASSWORD));
  }
  assert(!helpText([]).includes("password-file"));
});

for (
  const [value, ...expected] of [
    [
      {},
      ".domain: missing",
      ".host: missing",
    ],
    [
      ["a.ru=b.ru", { domain: "*", host: "a b", port: 0 }],
      '[1].host: "a b" is not an IP address or a host name (such as 127.0.0.1, :: or localhost)',
      "[1].port: 0 is not a port (1 to 65535)",
    ],
    [
      { domain: "*", host: "a.ru", tls: true, prot: 25, __proto: 1 },
      ".tls: true is not one of opportunistic, require, implicit, never",
      ".prot: unknown; did you mean port?",
      ".__proto: unknown",
    ],
    [
      { domain: "*", host: "a.ru", user: "me" },
      ".user: needs password or password-file",
    ],
    [
      { domain: "*", host: "a.ru", password: PASSWORD },
      ".password: needs user",
    ],
    [
      {
        ...{ domain: "*", host: "a.ru", user: "me" },
        ...{ password: PASSWORD, "password-file": "secret.txt" },
      },
      ".password-file: given beside password: one of them is enough",
    ],
    [
      { domain: "*", host: "a.ru", user: "a\nb", password: `${PASSWORD}\0` },
      '.user: "a\\nb" is not a name (1 to 1000 characters, all on one line)',
      ".password: not a password (a text of 1 to 1000 characters, all on one line)",
    ],
    [
      { domain: "*", host: "a.ru", user: "me", password: [PASSWORD] },
      ".password: not a password (a text of 1 to 1000 characters, all on one line)",
    ],
    [
      { domain: "*", host: "a.ru", user: { password: PASSWORD }, password: 1 },
      ".user: {…} is not a name (1 to 1000 characters, all on one line)",
      ".password: not a password (a text of 1 to 1000 characters, all on one line)",
    ],
    [
      [["*=a.ru", { password: PASSWORD }]],
      ': ["*=a.ru",{…}] is not a route (such as test.ru=10.0.0.1:2525, or *=mail.test.ru)',
    ],
  ] as readonly (readonly [unknown, ...string[]])[]
) {
  Deno.test(`route says what is wrong with ${Deno.inspect(value)}`, () => {
    assertEquals(
      problems(value),
      expected.map((problem) => `smtpd.json: route${problem}`),
    );
  });
}

Deno.test("only a route can be an object", () => {
  const loaded = loadSettings(readFlags([], SERVER_FLAGS), {
    path: "smtpd.json",
    text: JSON.stringify({ domain: [{ password: PASSWORD }] }),
  });
  assertEquals(loaded, {
    ok: false,
    problems: [
      "smtpd.json: domain: {…} is not a domain name (such as test.ru)",
    ],
  });
});
