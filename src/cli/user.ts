import type { Flag } from "../config/flags.ts";
import { readArguments } from "./load.ts";
import { readAction, requireAddresses } from "./operands.ts";
import { usersIn } from "./tables.ts";
import type { Terminal } from "./terminal.ts";
import { WrongUse } from "./terminal.ts";

const ACTIONS = {
  add: { synopsis: "user add ADDRESS [--password-stdin]", least: 1, most: 1 },
  passwd: {
    synopsis: "user passwd ADDRESS [--password-stdin]",
    least: 1,
    most: 1,
  },
  remove: { synopsis: "user remove ADDRESS", least: 1, most: 1 },
  list: { synopsis: "user list", least: 0, most: 0 },
};

const PASSWORD_STDIN: Flag = { name: "password-stdin", takes: "nothing" };

/** `smtpd user`: adds and removes those who have a mailbox, sets passwords, lists addresses. */
export async function user(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { settings: { mailDir }, flags } = await readArguments(args, {
    settings: ["mailDir"],
    flags: [PASSWORD_STDIN],
    operands: Infinity,
  });
  const { action, operands } = readAction(flags.operands, ACTIONS);
  requireAddresses(operands);
  const [address = ""] = operands;
  const password = () =>
    readPassword(terminal, flags.given.has(PASSWORD_STDIN.name));
  const users = await usersIn(mailDir, terminal);

  switch (action) {
    case "add":
      await users.add(address, await password());
      terminal.out(`Added ${address}`);
      break;
    case "passwd":
      await users.passwd(address, await password());
      terminal.out(`Set the password of ${address}`);
      break;
    case "remove":
      await users.remove(address);
      terminal.out(`Removed ${address}; the mail is still there`);
      break;
    case "list":
      (await users.list()).forEach((each) => terminal.out(each));
      break;
    default:
      action satisfies never;
  }
  return 0;
}

/** The password from standard input, or from whoever sits at the terminal. */
async function readPassword(
  terminal: Terminal,
  piped: boolean,
): Promise<string> {
  // The line break is what `echo` adds, not part of the password.
  if (piped) return (await terminal.readAll()).replace(/\r?\n$/, "");
  if (!terminal.interactive) {
    throw new WrongUse([
      "--password-stdin: needed unless a person is there to ask",
    ]);
  }
  const password = await terminal.readSecret("Password: ");
  const again = password && await terminal.readSecret("The same again: ");
  if (password === undefined || again === undefined) {
    throw new Error("Cannot set password: broken off");
  }
  if (password !== again) {
    throw new Error("Cannot set password: the two are not the same");
  }
  return password;
}
