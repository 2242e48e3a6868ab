import { formatMailbox } from "../smtp/address.ts";
import { readArguments } from "./load.ts";
import {
  readAction,
  requireAddresses,
  requireAliasAddress,
} from "./operands.ts";
import { aliasesIn } from "./tables.ts";
import type { Terminal } from "./terminal.ts";

const ACTIONS = {
  add: { synopsis: "alias add ADDRESS TARGET…", least: 2, most: Infinity },
  remove: {
    synopsis: "alias remove ADDRESS [TARGET…]",
    least: 1,
    most: Infinity,
  },
  list: { synopsis: "alias list", least: 0, most: 0 },
};

/** `smtpd alias`: says whose mail goes to others. */
export async function alias(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { settings: { mailDir }, flags } = await readArguments(args, {
    settings: ["mailDir"],
    operands: Infinity,
  });
  const { action, operands } = readAction(flags.operands, ACTIONS);
  const [address = "", ...targets] = operands;
  if (action !== "list") requireAliasAddress(address);
  requireAddresses(targets);
  const aliases = await aliasesIn(mailDir, terminal);

  switch (action) {
    case "add":
      await aliases.add(address, targets);
      terminal.out(`Mail for ${address} goes to ${targets.join(", ")}`);
      break;
    case "remove":
      await aliases.remove(address, targets.length > 0 ? targets : undefined);
      terminal.out(`Removed ${[address, ...targets].join(" ")}`);
      break;
    case "list":
      for (const { address, targets } of await aliases.list()) {
        terminal.out(`${address}: ${targets.map(formatMailbox).join(", ")}`);
      }
      break;
    default:
      action satisfies never;
  }
  return 0;
}
