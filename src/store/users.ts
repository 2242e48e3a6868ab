import { randomBytes } from "node:crypto";
import { formatMailbox, type Mailbox, parseMailbox } from "../smtp/address.ts";
import { mailboxKey } from "./canonical.ts";
import type { LineChange, Said } from "./lines.ts";
import {
  decoyCredential,
  hashPassword,
  isPassword,
  isScrypt,
  type ScryptCost,
  USUAL_COST,
} from "./password.ts";
import { openTable, type TableOptions } from "./table.ts";
import {
  ADDRESS_EXTENT,
  COMMENT,
  leadingAddress,
  readAddress,
} from "./table_address.ts";
import { takeTurns } from "./turns.ts";

/** A line of the users file. */
export interface User {
  /** The canonical address. */
  readonly address: string;
  /** What proves who they are, `scheme$…` each. Without any they get mail but cannot log in. */
  readonly credentials: readonly string[];
}

/** Those who have a mailbox here and, mostly, a password. */
export interface Users {
  /** The users by canonical address, as they were `maxAge` milliseconds ago or later. */
  entries(maxAge: number): Promise<ReadonlyMap<string, User>>;
  /** Whether there is a user with this mailbox. */
  has(mailbox: Mailbox): Promise<boolean>;
  /** The addresses of all users, in the file's order. */
  list(): Promise<readonly string[]>;
  /** Adds a user. Throws when there is one, at a bad address or an empty password. */
  add(address: string, password: string): Promise<void>;
  /** Sets a user's password. Throws when there is no such user, or the password is empty. */
  passwd(address: string, password: string): Promise<void>;
  /** Removes a user, not their mail. Throws when there is none. */
  remove(address: string): Promise<void>;
  /** Whether this is a user's password. It takes as long when there is no such user. */
  verify(address: string, password: string): Promise<boolean>;
}

/** What the users file is opened with. */
export interface UsersOptions extends TableOptions {
  /** What new passwords are stored with. */
  readonly cost?: ScryptCost;
  /** Makes a new salt of 16 octets. */
  readonly makeSalt?: () => Uint8Array;
}

/** Passwords checked at the same time, at most: each takes a core and 32 MiB of memory. */
const CHECKS_AT_ONCE = 2;

const LINE = new RegExp(
  `^(?<address>${ADDRESS_EXTENT})(?<rest>(?:\\s.*?)??)${COMMENT}$`,
);

/**
 * Opens the users file: a line for each, `petya@test.ru scrypt$32768$8$3$salt$hash`, maybe with
 * more credentials after it. Throws when it cannot be read or a line of it is malformed.
 */
export async function openUsers(options: UsersOptions): Promise<Users> {
  const { cost = USUAL_COST, makeSalt = () => randomBytes(16) } = options;
  const table = await openTable(options, readUser);
  /** What the passwords of those who are not users are checked against. */
  const decoy = decoyCredential(cost);
  const inTurn = takeTurns();
  let checks = 0;

  function check(password: string, credential: string): Promise<boolean> {
    const lane = String(checks++ % CHECKS_AT_ONCE);
    return inTurn(lane, () => isPassword(password, credential));
  }

  async function newCredential(password: string): Promise<string> {
    if (password === "") throw new Error("Cannot set password: it is empty");
    return await hashPassword(password, makeSalt(), cost);
  }

  return {
    entries: table.entries,
    async has(mailbox) {
      return (await table.entries(0)).has(mailboxKey(mailbox));
    },
    async list() {
      return [...(await table.entries(0)).keys()];
    },
    async add(address, password) {
      const key = formatMailbox(readAddress(address));
      const credential = await newCredential(password);
      await table.edit((users) => {
        if (users.has(key)) {
          throw new Error(`Cannot add user "${key}": there is one already`);
        }
        return userLine(key, [credential]);
      });
    },
    async passwd(address, password) {
      const key = formatMailbox(readAddress(address));
      const credential = await newCredential(password);
      await table.edit((users) => {
        if (!users.has(key)) throw noSuchUser("set password of", key);
        // All of them go: what was made of the old password must not open the door any more.
        return userLine(key, [credential]);
      });
    },
    async remove(address) {
      const key = formatMailbox(readAddress(address));
      await table.edit((users) => {
        if (!users.has(key)) throw noSuchUser("remove", key);
        return { key };
      });
    },
    async verify(address, password) {
      const mailbox = parseMailbox(address);
      const users = await table.entries(0);
      const user = mailbox && users.get(mailboxKey(mailbox));
      const credential = user?.credentials.find(isScrypt);
      const right = await check(password, credential ?? decoy);
      return right && credential !== undefined;
    },
  };
}

function readUser(line: string): Said<User> | string {
  const groups = LINE.exec(line)?.groups;
  const mailbox = groups && parseMailbox(groups.address!);
  if (!mailbox) return "it does not start with an address";
  const credentials = groups.rest!.split(/\s+/).filter((word) => word !== "");
  for (const credential of credentials) {
    if (!/^[^$]+\$/.test(credential)) return "a credential has no scheme";
    if (credential.startsWith("scrypt$") && !isScrypt(credential)) {
      return "it is not scrypt$N$r$p$salt$hash";
    }
  }
  const key = mailboxKey(mailbox);
  return { key, entry: { address: key, credentials } };
}

function userLine(key: string, credentials: readonly string[]): LineChange {
  return { key, text: [leadingAddress(key), ...credentials].join(" ") };
}

function noSuchUser(action: string, key: string): Error {
  return new Error(`Cannot ${action} "${key}": there is no such user`);
}
