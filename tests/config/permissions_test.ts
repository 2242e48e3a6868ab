import { assertEquals } from "@std/assert";
import {
  permissionFlags,
  type PermittedSettings,
} from "../../src/config/permissions.ts";

const AT_HOME: PermittedSettings = {
  host: "127.0.0.1",
  port: 2525,
  submissionPort: undefined,
  submissionsPort: undefined,
  tlsFiles: [],
  mailDir: "./mail",
  accept: "all",
  dns: undefined,
  routes: [],
  blockLists: [],
};

Deno.test("permissionFlags() opens both families for every address", () => {
  assertEquals(
    permissionFlags({ ...AT_HOME, host: "::", port: 25 })[0],
    '"--allow-net=[::]:25,0.0.0.0:25"',
  );
});

Deno.test("permissionFlags() opens one address, and brackets IPv6", () => {
  assertEquals(
    permissionFlags({ ...AT_HOME, host: "localhost" })[0],
    "--allow-net=localhost:2525",
  );
  assertEquals(
    permissionFlags({ ...AT_HOME, host: "::1" })[0],
    '"--allow-net=[::1]:2525"',
  );
});

Deno.test("permissionFlags() opens every port, and lets certificates be read", () => {
  assertEquals(
    permissionFlags({
      ...AT_HOME,
      submissionPort: 587,
      submissionsPort: 465,
      tlsFiles: [{ cert: "cert.pem", key: "key.pem" }],
    }),
    [
      "--allow-net=127.0.0.1:2525,127.0.0.1:587,127.0.0.1:465",
      "--allow-read=./mail,cert.pem,key.pem",
      "--allow-write=./mail",
    ],
  );
});

Deno.test("permissionFlags() lets a server with block lists ask DNS", () => {
  const blockLists = ["bl.test"];
  assertEquals(permissionFlags({ ...AT_HOME, blockLists }).slice(0, 2), [
    "--allow-net",
    "--allow-read=./mail,/etc/resolv.conf",
  ]);
});

Deno.test("permissionFlags() lets the config file be read, and only read", () => {
  assertEquals(
    permissionFlags(AT_HOME, { config: "/etc/smtpd.json" }).slice(1),
    [
      "--allow-read=./mail,/etc/smtpd.json",
      "--allow-write=./mail",
    ],
  );
});

Deno.test("permissionFlags() quotes what a shell would take apart", () => {
  assertEquals(
    permissionFlags({ ...AT_HOME, mailDir: "C:\\My mail" })[2],
    '"--allow-write=C:\\My mail"',
  );
});

Deno.test("permissionFlags() names the folder above one whose name has a comma", () => {
  assertEquals(
    permissionFlags({ ...AT_HOME, mailDir: "/srv/a,b/mail" })[2],
    "--allow-write=/srv",
  );
});

const RELAYING = { ...AT_HOME, accept: "known" } as const;

Deno.test("permissionFlags() lets a server that relays find and reach every other", () => {
  assertEquals(permissionFlags(RELAYING), [
    "--allow-net",
    "--allow-read=./mail,/etc/resolv.conf",
    "--allow-write=./mail",
  ]);
  assertEquals(permissionFlags(RELAYING, { windows: true }), [
    "--allow-net",
    "--allow-read=./mail",
    "--allow-write=./mail",
    "--allow-sys=networkInterfaces",
  ]);
  const dns = { address: "127.0.0.1", port: 53 };
  for (const windows of [true, false]) {
    assertEquals(permissionFlags({ ...RELAYING, dns }, { windows }), [
      "--allow-net",
      "--allow-read=./mail",
      "--allow-write=./mail",
    ]);
  }
});

Deno.test("permissionFlags() lets password files be read, each once", () => {
  const route = { domain: "*", host: "mail.test.ru", port: 587 };
  const login = { user: "me", password: { file: "secret.txt" } };
  const routes = [
    route,
    { ...route, login },
    { ...route, login },
    { ...route, login: { user: "me", password: { reveal: () => "x" } } },
  ];
  assertEquals(
    permissionFlags({ ...AT_HOME, routes })[1],
    "--allow-read=./mail,secret.txt",
  );
});
