import { assert, assertEquals } from "@std/assert";
import { formatMailbox } from "../../src/smtp/address.ts";
import type { Alias } from "../../src/store/aliases.ts";
import { type Accept, resolveMailbox } from "../../src/store/resolution.ts";
import { mailbox } from "./fixtures.ts";

const ALIASES = {
  "sales@test.ru": ["petya@test.ru", "Vasya@Test.ru", "petya@TEST.RU"],
  "all@test.ru": ["sales@test.ru", "Boss@elsewhere.test"],
  "petya+bills@test.ru": ["vasya@test.ru"],
  "old@test.ru": ["nobody@test.ru"],
  "half@test.ru": ["nobody@test.ru", "petya@test.ru"],
  "copy@test.ru": ["copy@test.ru", "petya@test.ru"],
  "vasya@test.ru": ["vasya@test.ru", "petya+copies@test.ru"],
  "a@test.ru": ["b@test.ru"],
  "b@test.ru": ["petya@test.ru", "a@test.ru"],
  "diamond@test.ru": ["sales@test.ru", "all@test.ru"],
  "@catch.test": ["petya@test.ru"],
  "@self.test": ["rest@self.test"],
  "@round.test": ["x@round.test"],
  "x@round.test": ["y@round.test"],
};
const USERS = ["petya@test.ru", "vasya@test.ru", "c++@test.ru", "+@test.ru"];
const DOMAINS = ["test.ru", "catch.test", "self.test", "round.test"];

/** What an address leads to, in words. */
function resolve(
  address: string,
  accept: Accept = "known",
  aliases: Readonly<Record<string, readonly string[]>> = ALIASES,
): string {
  const result = resolveMailbox(mailbox(address), {
    accept,
    isOurs: (domain) =>
      accept === "all" || DOMAINS.includes(domain.toLowerCase()),
    users: new Set(USERS),
    aliases: new Map(
      Object.entries(aliases).map(([key, targets]): [string, Alias] => [
        key,
        { address: key, targets: targets.map(mailbox) },
      ]),
    ),
  });
  switch (result.kind) {
    case "unknown":
      return "unknown";
    case "loop":
    case "too many":
      return `${result.kind}: ${result.why}`;
    case "mailboxes":
      return [
        ...result.mailboxes.map(formatMailbox),
        ...result.lost.map((each) => `not ${formatMailbox(each)}`),
      ].join(" ");
    default:
      return result satisfies never;
  }
}

const KNOWN: Readonly<Record<string, string>> = {
  "petya@test.ru": "petya@test.ru",
  "PETYA@Test.ru": "petya@test.ru",
  "petya+tag@test.ru": "petya@test.ru",
  "petya+a+b@test.ru": "petya@test.ru",
  "petya+bills@test.ru": "vasya@test.ru petya@test.ru",
  "c++@test.ru": "c++@test.ru",
  "+@test.ru": "+@test.ru",
  "+tag@test.ru": "unknown",
  "nobody@test.ru": "unknown",
  "petya@catch.test": "petya@test.ru",
  "sales@test.ru": "petya@test.ru vasya@test.ru",
  "sales+tag@test.ru": "petya@test.ru vasya@test.ru",
  "all@test.ru": "petya@test.ru vasya@test.ru Boss@elsewhere.test",
  "diamond@test.ru": "petya@test.ru vasya@test.ru Boss@elsewhere.test",
  "vasya@test.ru": "vasya@test.ru petya@test.ru",
  "old@test.ru": "unknown",
  "half@test.ru": "petya@test.ru not nobody@test.ru",
  "copy@test.ru": "petya@test.ru not copy@test.ru",
  "a@test.ru": "loop: the alias a@test.ru leads to itself",
  "b@test.ru": "loop: the alias b@test.ru leads to itself",
  "PostMaster@test.ru": "postmaster@test.ru",
  "postmaster+x@test.ru": "postmaster@test.ru",
  "postmaster@catch.test": "postmaster@catch.test",
  "anyone@catch.test": "petya@test.ru",
  "anyone@self.test": "unknown",
  "anyone@round.test": "loop: the alias @round.test leads to itself",
};

Deno.test("resolveMailbox() finds where an address leads", async (t) => {
  for (const [address, expected] of Object.entries(KNOWN)) {
    await t.step(address, () => {
      assertEquals(resolve(address), expected);
    });
  }
});

Deno.test("resolveMailbox() takes any name where any is accepted, without its tag", () => {
  assertEquals(resolve("Nobody+tag@test.ru", "domain"), "nobody@test.ru");
  assertEquals(resolve("+tag@test.ru", "domain"), "+tag@test.ru");
  assertEquals(resolve("anyone@self.test", "domain"), "rest@self.test");
  assertEquals(resolve("anyone@catch.test", "domain"), "petya@test.ru");
  assertEquals(resolve("old@test.ru", "domain"), "nobody@test.ru");
});

Deno.test("resolveMailbox() keeps every domain's mail where all is accepted", () => {
  assertEquals(
    resolve("all@test.ru", "all"),
    "petya@test.ru vasya@test.ru boss@elsewhere.test",
  );
  assertEquals(resolve("Any+tag@where.test", "all"), "any@where.test");
});

Deno.test("resolveMailbox() prefers what somebody made for postmaster", () => {
  const aliases = { "postmaster@test.ru": ["petya@test.ru"] };
  assertEquals(
    resolve("postmaster@test.ru", "known", aliases),
    "petya@test.ru",
  );
  assertEquals(
    resolve("Postmaster+x@test.ru", "known", aliases),
    "petya@test.ru",
  );
});

Deno.test("resolveMailbox() follows ten aliases in a row, and no more", () => {
  const chain = Object.fromEntries(
    Array.from({ length: 11 }, (_, index) => [
      `a${index}@test.ru`,
      [index < 10 ? `a${index + 1}@test.ru` : "petya@test.ru"],
    ]),
  );
  assertEquals(resolve("a1@test.ru", "known", chain), "petya@test.ru");
  assertEquals(
    resolve("a0@test.ru", "known", chain),
    "too many: aliases lead to more than 10 aliases in a row",
  );
});

Deno.test("resolveMailbox() leads to a thousand mailboxes, and no more", () => {
  const many = (count: number) => ({
    "list@test.ru": Array.from(
      { length: count },
      (_, index) => `u${index}@elsewhere.test`,
    ),
  });
  const thousand = resolve("list@test.ru", "known", many(1_000));
  assertEquals(thousand.split(" ").length, 1_000);
  assertEquals(
    resolve("list@test.ru", "known", many(1_001)),
    "too many: aliases lead to more than 1000 mailboxes",
  );
});

Deno.test("resolveMailbox() takes no longer for aliases that meet again and again", () => {
  const layers = 9;
  const width = 30;
  const web = Object.fromEntries(
    Array.from({ length: layers * width }, (_, index) => [
      `l${Math.floor(index / width)}n${index % width}@test.ru`,
      Array.from(
        { length: width },
        (_, next) =>
          index < (layers - 1) * width
            ? `l${Math.floor(index / width) + 1}n${next}@test.ru`
            : "petya@test.ru",
      ),
    ]),
  );
  // Way by way it would be 30 to the power of 9.
  assert(resolve("l0n0@test.ru", "known", web) === "petya@test.ru");
});
