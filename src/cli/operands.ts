import { nearest } from "../config/nearest.ts";
import { isDomain, parseMailbox } from "../smtp/address.ts";
import { WrongUse } from "./terminal.ts";

/** One of the things that a subcommand does. */
export interface ActionRow {
  /** How it is typed, after `smtpd`. */
  readonly synopsis: string;
  /** How many operands it takes at least. */
  readonly least: number;
  /** How many operands it takes at most. */
  readonly most: number;
}

/** Which action a subcommand was asked for, and the operands after its name. Throws `WrongUse`. */
export function readAction<Action extends string>(
  [word, ...operands]: readonly string[],
  actions: Readonly<Record<Action, ActionRow>>,
): { readonly action: Action; readonly operands: readonly string[] } {
  if (word === undefined || !isKey(word, actions)) {
    throw new WrongUse([unknownAction(word, Object.keys(actions))]);
  }
  const { synopsis, least, most } = actions[word];
  if (operands.length < least || operands.length > most) {
    throw new WrongUse([`usage: smtpd ${synopsis}`]);
  }
  return { action: word, operands };
}

function unknownAction(
  word: string | undefined,
  names: readonly string[],
): string {
  const allowed = `needs one of ${names.join(", ")}`;
  if (word === undefined) return `no action given, ${allowed}`;
  const meant = nearest(word, names);
  const hint = meant === undefined ? allowed : `did you mean ${meant}?`;
  return `${JSON.stringify(word)}: unknown action; ${hint}`;
}

function isKey<Key extends string>(
  text: string,
  record: Readonly<Record<Key, unknown>>,
): text is Key {
  return Object.hasOwn(record, text);
}

/** Throws `WrongUse` unless each is an address. */
export function requireAddresses(texts: readonly string[]): void {
  refuse(texts.filter((text) => !parseMailbox(text)), "petya@test.ru");
}

/** Throws `WrongUse` unless it is an address, or `@domain`. */
export function requireAliasAddress(text: string): void {
  const valid = text.startsWith("@")
    ? isDomain(text.slice(1))
    : parseMailbox(text);
  if (!valid) refuse([text], "sales@test.ru, or @test.ru");
}

function refuse(texts: readonly string[], example: string): void {
  if (texts.length === 0) return;
  throw new WrongUse(
    texts.map((text) =>
      `${JSON.stringify(text)} is not an address (such as ${example})`
    ),
  );
}
