import { assertEquals } from "@std/assert";
import { checkMembers } from "../../src/cli/check_members.ts";
import { linesOf, membersOf, settingsOf } from "./check_fakes.ts";

function said(
  members: ReturnType<typeof membersOf> | undefined,
  ...flags: readonly string[]
): readonly string[] {
  const settings = settingsOf(["--domain", "test.example", ...flags]);
  return linesOf(checkMembers({ settings, members }));
}

Deno.test("checkMembers() finds nothing where each domain has somebody", () => {
  const members = membersOf({ "petya@test.ru": [] }, ["@test.example"]);
  assertEquals(said(members), []);
});

Deno.test("checkMembers() names those whose domain isn't kept here", () => {
  const members = membersOf({ "petya@test.ru": [], "ivan@old.test": [] }, [
    "sales@test.example",
    "@old.test",
  ]);
  const expected = [
    "problem: User ivan@old.test gets no mail: the domain is not ours",
    "problem: Alias @old.test gets no mail: the domain is not ours",
  ];
  assertEquals(said(members), expected);
  assertEquals(said(members, "--accept", "domain"), expected);
  assertEquals(said(members, "--accept", "all"), []);
});

Deno.test("checkMembers() warns of a domain without anybody", () => {
  assertEquals(said(membersOf({ "petya@test.ru": [] })), [
    "warning: Nobody at test.example gets mail but postmaster; smtpd user add and " +
    "smtpd alias add give it addresses",
  ]);
  assertEquals(said(membersOf(), "--accept", "domain"), []);
  assertEquals(said(undefined), []);
});
