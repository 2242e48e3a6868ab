import { assertEquals } from "@std/assert";
import { checkLogins } from "../../src/cli/check_logins.ts";
import { hashForScram } from "../../src/store/scram_credential.ts";
import { hashPassword } from "../../src/store/password.ts";
import { linesOf, membersOf, settingsOf } from "./check_fakes.ts";

const SALT = new Uint8Array(16);
const SCRYPT = await hashPassword("12345", SALT, {
  cost: 2,
  blockSize: 1,
  parallelization: 1,
});
const SCRAM = await hashForScram("12345", SALT, 4096);
const PETYA = membersOf({ "petya@test.ru": [SCRYPT, SCRAM] });
const TLS = ["--tls-cert", "cert.pem"];

function said(
  flags: readonly string[],
  members = PETYA,
): readonly string[] {
  return linesOf(checkLogins({ settings: settingsOf(flags), members }));
}

Deno.test("checkLogins() finds nothing where people log in under TLS", () => {
  assertEquals(said([...TLS, "--submission-port", "587"]), []);
});

Deno.test("checkLogins() warns of a server without TLS", () => {
  assertEquals(said([]), [
    "warning: No --tls-cert: mail comes in the clear and nobody can log in; get " +
    "a certificate (README says how)",
  ]);
});

Deno.test("checkLogins() warns of passwords in the clear", () => {
  const insecure =
    "warning: --insecure-auth: passwords may cross the network in " +
    "the clear; take it out and give --tls-cert";
  assertEquals(said([...TLS, "--insecure-auth"]), [insecure]);
  assertEquals(said(["--insecure-auth"]), [
    "warning: No --tls-cert: mail comes in the clear; get a certificate (README " +
    "says how)",
    insecure,
  ]);
});

Deno.test("checkLogins() asks no encryption of a server that nobody else reaches", () => {
  assertEquals(said(["--host", "127.0.0.1", "--insecure-auth"]), []);
  assertEquals(said(["--accept", "all", "--insecure-auth"]), []);
});

Deno.test("checkLogins() warns of doors that nobody can pass", () => {
  const doors = ["--submission-port", "587", "--submissions-port", "465"];
  const expected = ["submission-port", "submissions-port"].map((door) =>
    `warning: --${door}: nobody can log in there, for no user has a password; ` +
    "smtpd user add makes one"
  );
  assertEquals(said([...TLS, ...doors], membersOf()), expected);
  const alone = membersOf({ "petya@test.ru": [] });
  assertEquals(said([...TLS, ...doors], alone), expected);
  assertEquals(said(TLS, alone), []);
});

Deno.test("checkLogins() names those for whose sake SCRAM isn't offered", () => {
  const names = ["a", "b", "c", "d", "e"].map((name) => `${name}@test.ru`);
  const expected = (whom: string) => [
    "warning: SCRAM-SHA-256 is not offered until smtpd user passwd has set a new " +
    `password for ${whom}`,
  ];
  const old = (...addresses: readonly string[]) =>
    membersOf(Object.fromEntries([
      ...addresses.map((address) => [address, [SCRYPT]]),
      ["petya@test.ru", [SCRYPT, SCRAM]],
      ["nobody@test.ru", []],
    ]));
  assertEquals(said(TLS, old("a@test.ru")), expected("a@test.ru"));
  assertEquals(
    said(TLS, old(...names)),
    expected("a@test.ru, b@test.ru, c@test.ru and 2 more"),
  );
});

Deno.test("checkLogins() says nothing of users whom nobody can name", () => {
  const settings = settingsOf([...TLS, "--submission-port", "587"]);
  assertEquals(checkLogins({ settings, members: undefined }), []);
});
