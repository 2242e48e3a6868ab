import { assertEquals, assertRejects } from "@std/assert";
import { checkRoutes } from "../../src/cli/check_routes.ts";
import { memoryDisk } from "../store/memory_disk.ts";
import { linesOf, settingsOf } from "./check_fakes.ts";

async function said(route: object): Promise<readonly string[]> {
  const disk = memoryDisk();
  disk.put("/secret", "12345\n");
  const login = { user: "petya", "password-file": "/secret" };
  const settings = settingsOf([], {
    route: { domain: "*", host: "smtp.example.com", ...login, ...route },
  });
  return linesOf(await checkRoutes({ settings, disk }));
}

Deno.test("checkRoutes() finds nothing where a password goes over TLS to the right host", async () => {
  assertEquals(await said({}), []);
  assertEquals(await said({ tls: "require" }), []);
  assertEquals(await said({ tls: "implicit" }), []);
});

Deno.test("checkRoutes() warns of a password in the clear", async () => {
  assertEquals(await said({ tls: "never" }), [
    "warning: Route *: the password of petya goes to smtp.example.com in the " +
    'clear; without "tls": "never" it goes over TLS alone',
  ]);
});

Deno.test("checkRoutes() warns of a password for whoever asks", async () => {
  assertEquals(await said({ tls: "opportunistic" }), [
    "warning: Route *: the password of petya goes to smtp.example.com, or whoever " +
    'pretends to be it; without "tls": "opportunistic" it goes to nobody without ' +
    "a certificate for that name",
  ]);
});

Deno.test("checkRoutes() minds no password that stays on this machine", async () => {
  for (const host of ["localhost", "127.0.0.2", "::1"]) {
    assertEquals(await said({ host, tls: "never" }), []);
  }
});

Deno.test("checkRoutes() fails when a password can't be read", async () => {
  await assertRejects(
    () => said({ "password-file": "/none" }),
    Error,
    'Cannot read password file "/none": there is no such file',
  );
});
