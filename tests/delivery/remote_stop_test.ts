import { assertEquals } from "@std/assert";
import type { Access } from "../../src/delivery/access.ts";
import {
  connectionKey,
  type Stop,
  stopsOf,
} from "../../src/delivery/remote_stop.ts";

const NONE = { permissions: "none" } as const;

Deno.test(
  "stopsOf() visits every address of a host before the next",
  NONE,
  () => {
    const host = { port: 25, mx: true };
    const first = {
      ...host,
      name: "mx1.test.ru",
      addresses: ["::1", "192.0.2.1"],
    };
    const second = { ...host, name: "mx2.test.ru", addresses: ["192.0.2.2"] };
    assertEquals(stopsOf([first, second]), [
      { host: first, address: "::1" },
      { host: first, address: "192.0.2.1" },
      { host: second, address: "192.0.2.2" },
    ]);
  },
);

const ADDRESS = "192.0.2.1";
const HOST = { name: "mx.test.ru", addresses: [ADDRESS], port: 25, mx: true };
const PLAIN: Access = { tls: "opportunistic", verified: false };
const CREDENTIALS = { user: "petya", password: () => "secret" };

function key(stop: Partial<Stop>, access: Partial<Access> = {}): string {
  return connectionKey(
    { host: HOST, address: ADDRESS, ...stop },
    { ...PLAIN, ...access },
  );
}

Deno.test("connectionKey() shares what serves any domain as well", NONE, () => {
  const host = { ...HOST, name: "mx.test.net" };
  assertEquals(key({ host }), key({}));
});

Deno.test(
  "connectionKey() keeps apart what is not the same to both sides",
  NONE,
  () => {
    const required = { tls: "require" } as const;
    const verified = { ...required, verified: true };
    const keys = [
      key({}),
      key({ address: "192.0.2.2" }),
      key({ host: { ...HOST, port: 587 } }),
      key({}, { tls: "never" }),
      key({}, required),
      key({}, { tls: "implicit" }),
      key({}, verified),
      key({ host: { ...HOST, name: "mx.test.net" } }, verified),
      key({}, { credentials: CREDENTIALS }),
      key({}, { credentials: { ...CREDENTIALS, user: "vasya" } }),
    ];
    assertEquals(new Set(keys).size, keys.length);
  },
);

Deno.test("connectionKey() tells no password", NONE, () => {
  assertEquals(key({}, { credentials: CREDENTIALS }).includes("secret"), false);
});
