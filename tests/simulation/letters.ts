import type { World } from "./world.ts";

/** A message as a client means to send it; a character of `text` is an octet. */
export interface Letter {
  /** Names this try to send it, in the client's EHLO: `t17.client.example`. */
  readonly token: string;
  /** The reverse-path, without its brackets; empty for the null path. */
  readonly from: string;
  readonly recipients: readonly Addressee[];
  readonly text: string;
  readonly eightBit: boolean;
  readonly notify: "NEVER" | "FAILURE" | "SUCCESS,FAILURE,DELAY" | undefined;
}

/** To whom a letter goes. */
export interface Addressee {
  readonly address: string;
  /** The mailboxes it comes to: more than one behind an alias. */
  readonly mailboxes: readonly string[];
}

/** The domain whose mail is kept here. */
export const OUR_DOMAIN = "test.example";

/** Our mailboxes. */
export const OUR_MAILBOXES = ["petya", "masha", "vasya"].map((name) =>
  `${name}@${OUR_DOMAIN}`
);

/** Whose mail goes elsewhere, as the aliases file has it. */
export const ALIASES = `both@${OUR_DOMAIN}: ${OUR_MAILBOXES[0]}, ${
  OUR_MAILBOXES[1]
}\n`;

/** The domains of others. */
export const OTHER_DOMAINS = [
  "one.example",
  "two.example",
  "three.example",
  "nowhere.example",
];

/** Writes a letter. */
export function writeLetter(
  world: World,
  token: string,
  hasAliases: boolean,
): Letter {
  const { chance } = world;
  const eightBit = chance.chance(0.4);
  return {
    token,
    from: chance.pick([
      "",
      ...OUR_MAILBOXES,
      ...OUR_MAILBOXES,
      `s.${token}@one.example`,
      `s.${token}@${chance.pick(OTHER_DOMAINS)}`,
    ]),
    recipients: addressees(world, token, hasAliases),
    text: writeText(world, token, eightBit),
    eightBit,
    notify: chance.pick([
      undefined,
      undefined,
      "NEVER",
      "FAILURE",
      "SUCCESS,FAILURE,DELAY",
    ]),
  };
}

function addressees(
  world: World,
  token: string,
  hasAliases: boolean,
): readonly Addressee[] {
  const { chance } = world;
  const all = new Map<string, Addressee>();
  for (let left = world.between(1, 4); left > 0; left--) {
    const address = chance.pick([
      ...OUR_MAILBOXES,
      `both@${OUR_DOMAIN}`,
      `r${left}.${token}@one.example`,
      `r${left}.${token}@two.example`,
      `r${left}.${token}@${chance.pick(OTHER_DOMAINS)}`,
    ]);
    const mailboxes = hasAliases && address.startsWith("both@")
      ? OUR_MAILBOXES.slice(0, 2)
      : [address];
    all.set(address, { address, mailboxes });
  }
  return [...all.values()];
}

function writeText(world: World, token: string, eightBit: boolean): string {
  const { chance } = world;
  if (chance.chance(0.05)) return "";
  const size = world.between(0, chance.pick([40, 2000, 2000, 70_000, 200_000]));
  let text = `Subject: ${token}\r\nX-Dots: .\r\n\r\n`;
  while (text.length < size) {
    text += `${writeLine(world, eightBit, text.length < 3000)}\r\n`;
  }
  return text;
}

/** A line of text; long letters are made of long lines, since each draw of a lot takes its time. */
function writeLine(world: World, eightBit: boolean, odd: boolean): string {
  const { chance } = world;
  const kind = chance.below(odd ? 10 : 14);
  switch (kind) {
    case 0:
      return ".";
    case 1:
      return "..";
    case 2:
      return "";
    case 3:
      return `.${"x".repeat(world.between(0, 80))}`;
    case 4:
      return "From here on";
    case 5:
      return ">From there";
    case 6:
      return eightBit
        ? String.fromCharCode(
          ...Array.from({ length: 30 }, () => world.between(128, 255)),
        )
        : "seven bits";
    case 7:
      return `x.${"y".repeat(world.between(0, 70))}.`;
    case 8:
    case 9:
      return `line ${chance.below(1_000_000)}`;
    default:
      return `${chance.below(1_000_000)} `.repeat(120);
  }
}
