import { assertEquals, assertRejects } from "@std/assert";
import { usersIn } from "../../src/cli/tables.ts";
import { user } from "../../src/cli/user.ts";
import { loginsOf } from "../../src/store/logins.ts";
import type { Users } from "../../src/store/users.ts";
import { scriptedTerminal } from "./scripted_terminal.ts";

/** Whether this is petya's password. */
async function isPassword(users: Users, password: string): Promise<boolean> {
  const logins = loginsOf({ users, secret: new Uint8Array(32) });
  return await logins.verify("petya@test.ru", password) !== undefined;
}

/** Runs `smtpd user` with a person who types these passwords, in a mail folder of its own. */
async function typing(
  secrets: readonly string[],
  look: (
    result: Promise<number>,
    isPassword: (password: string) => Promise<boolean>,
  ) => Promise<void>,
) {
  const mail = await Deno.makeTempDir();
  try {
    const terminal = scriptedTerminal({ secrets });
    await look(
      user(["add", "petya@test.ru", "--mail-dir", mail], terminal),
      async (password) =>
        await isPassword(await usersIn(mail, terminal), password),
    );
  } finally {
    await Deno.remove(mail, { recursive: true });
  }
}

Deno.test("user() asks for a password twice", async () => {
  await typing(["12345", "12345"], async (result, isPassword) => {
    assertEquals(await result, 0);
    assertEquals(await isPassword("12345"), true);
    assertEquals(await isPassword("1234"), false);
  });
});

Deno.test("user() refuses two passwords that differ", async () => {
  await typing(["12345", "12346"], async (result, isPassword) => {
    await assertRejects(() => result, Error, "the two are not the same");
    assertEquals(await isPassword("12345"), false);
  });
});

Deno.test("user() changes nothing when the person breaks off", async () => {
  for (const secrets of [[], ["12345"]]) {
    await typing(secrets, async (result, isPassword) => {
      await assertRejects(() => result, Error, "broken off");
      assertEquals(await isPassword("12345"), false);
    });
  }
});

Deno.test("user() takes a piped password without its line break, and all else of it", async () => {
  const mail = await Deno.makeTempDir();
  try {
    const terminal = scriptedTerminal({ stdin: " пароль 1 \r\n" });
    const args = ["add", "petya@test.ru", "--password-stdin"];
    assertEquals(await user([...args, "--mail-dir", mail], terminal), 0);
    const users = await usersIn(mail, terminal);
    assertEquals(await isPassword(users, " пароль 1 "), true);
  } finally {
    await Deno.remove(mail, { recursive: true });
  }
});
