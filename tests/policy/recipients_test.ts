import { assertEquals } from "@std/assert";
import {
  type Directory,
  judgeRecipient,
  type Resolution,
} from "../../src/policy/recipients.ts";
import * as replies from "../../src/smtp/replies.ts";

const PETYA = { local: "petya", domain: "test.ru" };

const VASYA = { local: "vasya", domain: "other.test" };

/** What a stranger meets at the domain test.ru, where every address is the same. */
function stranger(resolution: Resolution) {
  const directory: Directory = {
    isOurs: (domain) => domain === "test.ru",
    resolve: () => Promise.resolve(resolution),
  };
  return { directory, mayRelay: false };
}

/** A directory that must not be asked who is there. */
const silent: Directory = {
  isOurs: (domain) => domain === "test.ru",
  resolve: () => Promise.reject(new Error("asked")),
};

Deno.test("judgeRecipient() accepts with the mailboxes that the directory names", async () => {
  const mailboxes = [PETYA, { local: "vasya", domain: "test.ru" }];
  assertEquals(
    await judgeRecipient(PETYA, stranger({ kind: "mailboxes", mailboxes })),
    {
      kind: "accepted",
      reply: replies.RECIPIENT_OK,
      destinations: mailboxes,
    },
  );
});

const REFUSALS = [
  [{ kind: "unknown" }, replies.NO_SUCH_USER],
  [{ kind: "loop" }, replies.ALIAS_LOOP],
  [{ kind: "too many" }, replies.ALIAS_TOO_WIDE],
] as const;

for (const [resolution, reply] of REFUSALS) {
  Deno.test(`judgeRecipient() refuses what is ${resolution.kind}`, async () => {
    assertEquals(await judgeRecipient(PETYA, stranger(resolution)), {
      kind: "refused",
      reply,
    });
  });
}

Deno.test("judgeRecipient() refuses other domains without asking who is there", async () => {
  assertEquals(
    await judgeRecipient(VASYA, { directory: silent, mayRelay: false }),
    { kind: "refused", reply: replies.RELAY_DENIED },
  );
});

Deno.test("judgeRecipient() relays to other domains for those who may", async () => {
  assertEquals(
    await judgeRecipient(VASYA, { directory: silent, mayRelay: true }),
    {
      kind: "accepted",
      reply: replies.RECIPIENT_OK,
      destinations: [VASYA],
    },
  );
});

Deno.test("judgeRecipient() relays nothing of ours", async () => {
  const { directory } = stranger({ kind: "unknown" });
  assertEquals(await judgeRecipient(PETYA, { directory, mayRelay: true }), {
    kind: "refused",
    reply: replies.NO_SUCH_USER,
  });
});

Deno.test("judgeRecipient() forwards for everybody where an alias leads elsewhere", async () => {
  const mailboxes = [VASYA];
  assertEquals(
    await judgeRecipient(PETYA, stranger({ kind: "mailboxes", mailboxes })),
    {
      kind: "accepted",
      reply: replies.RECIPIENT_OK,
      destinations: [VASYA],
    },
  );
});

Deno.test("judgeRecipient() takes <Postmaster> for ours", async () => {
  const mailboxes = [{ local: "postmaster", domain: "test.ru" }];
  const verdict = await judgeRecipient(
    { local: "Postmaster", domain: "" },
    stranger({ kind: "mailboxes", mailboxes }),
  );
  assertEquals(verdict.kind, "accepted");
});
