import { assertEquals } from "@std/assert";
import { configOf } from "../../src/server/door_config.ts";
import { MAIL_DOOR } from "./fakes.ts";

const NONE = { permissions: "none" } as const;

const ALL = ["SCRAM-SHA-256", "PLAIN"];
const SETTINGS = {
  hostname: "mx.test.ru",
  maxSize: 1_000_000,
  maxRecipients: 100,
  maxErrors: 20,
};
const TLS_FILES = [{ cert: "cert.pem", key: "key.pem" }];

/** Who may log in at a door, with TLS and `--insecure-auth` or not, and by what before and under TLS. */
const ROWS = [
  ["offered", false, false, [], []],
  ["offered", true, false, [], ALL],
  ["offered", false, true, ALL, []],
  ["offered", true, true, ALL, ALL],
  ["required", false, false, [], []],
  ["required", true, false, [], ALL],
  ["required", false, true, ALL, []],
  ["required", true, true, ALL, ALL],
  ["no", false, false, [], []],
  ["no", true, false, [], []],
  ["no", false, true, [], []],
  ["no", true, true, [], []],
] as const;

for (const [login, tls, insecureAuth, clear, secure] of ROWS) {
  const circumstances = [
    tls ? "with TLS" : "without TLS",
    ...(insecureAuth ? ["with --insecure-auth"] : []),
  ].join(", ");
  Deno.test(
    `configOf() for a door where login is "${login}", ${circumstances}`,
    NONE,
    async () => {
      const settings = {
        ...SETTINGS,
        insecureAuth,
        tlsFiles: tls ? TLS_FILES : [],
      };
      const mechanisms = () => Promise.resolve(ALL);
      assertEquals(
        await configOf({ ...MAIL_DOOR, login }, settings, { mechanisms }),
        {
          hostname: "mx.test.ru",
          maxSize: 1_000_000,
          maxRecipients: 100,
          maxFaults: 20,
          tls,
          mechanisms: { clear, secure },
          authRequired: login === "required",
        },
      );
    },
  );
}

Deno.test("configOf() offers what works just then", NONE, async () => {
  let working = ALL;
  const mechanisms = () => Promise.resolve(working);
  const settings = { ...SETTINGS, insecureAuth: true, tlsFiles: [] };
  const offered = async () =>
    (await configOf(MAIL_DOOR, settings, { mechanisms })).mechanisms.clear;
  assertEquals(await offered(), ALL);
  working = ["PLAIN"];
  assertEquals(await offered(), ["PLAIN"]);
});
