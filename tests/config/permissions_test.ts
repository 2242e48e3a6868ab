import { assertEquals } from "@std/assert";
import { permissionFlags } from "../../src/config/permissions.ts";

const AT_HOME = { host: "127.0.0.1", port: 2525, mailDir: "./mail" };

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

Deno.test("permissionFlags() lets the config file be read, and only read", () => {
  assertEquals(permissionFlags(AT_HOME, "/etc/smtpd.json").slice(1), [
    "--allow-read=./mail,/etc/smtpd.json",
    "--allow-write=./mail",
  ]);
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
