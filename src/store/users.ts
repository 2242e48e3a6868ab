import { randomFillSync } from "node:crypto";
import type { Awaitable } from "../ports/awaitable.ts";
import { formatMailbox, type Mailbox, parseMailbox } from "../smtp/address.ts";
import { mailboxKey } from "./canonical.ts";
import type { LineChange, Said } from "./lines.ts";
import {
  hashPassword,
  isScrypt,
  type ScryptCost,
  USUAL_COST,
} from "./password.ts";
import { saslprep } from "./saslprep.ts";
import { hashForScram, readScramCredential } from "./scram_credential.ts";
import { openTable, type TableOptions } from "./table.ts";
import {
  ADDRESS_EXTENT,
  leadingAddress,
  readAddress,
} from "./table_address.ts";

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
  entries(maxAge: number): Awaitable<ReadonlyMap<string, User>>;
  /** Whether there is a user with this mailbox. */
  has(mailbox: Mailbox): Promise<boolean>;
  /** The addresses of all users, in the file's order. */
  list(): Promise<readonly string[]>;
  /**
   * Adds a user. Throws when there is one, at a bad address and at a password that is empty or has
   * control characters.
   */
  add(address: string, password: string): Promise<void>;
  /** Sets a user's password. Throws when there is no such user, and at a password as `add` does. */
  passwd(address: string, password: string): Promise<void>;
  /** Removes a user, not their mail. Throws when there is none. */
  remove(address: string): Promise<void>;
}

/** What the users file is opened with. */
export interface UsersOptions extends TableOptions {
  /** What new passwords are stored with. */
  readonly cost?: ScryptCost;
}

/** What neither SASLprep nor its successor lets into a password (RFC 4013 §2.3, RFC 8265 §4.2). */
const CONTROL = /\p{Cc}/u;

const LINE = new RegExp(
  `^(?<address>${ADDRESS_EXTENT})(?:[ \\t](?<rest>.*))?$`,
  "s",
);

/**
 * Opens the users file: a line for each, `petya@test.ru scrypt$… scram-sha-256$…` with the two
 * credentials that a password is stored as, or others. Throws when it cannot be read or a line of
 * it is malformed.
 */
export async function openUsers(options: UsersOptions): Promise<Users> {
  const { cost = USUAL_COST } = options;
  const table = await openTable(options, readUser);

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
      const credentials = await newCredentials(password, cost);
      await table.edit((users) => {
        if (users.has(key)) {
          throw new Error(`Cannot add user "${key}": there is one already`);
        }
        return userLine(key, credentials);
      });
    },
    async passwd(address, password) {
      const key = formatMailbox(readAddress(address));
      const credentials = await newCredentials(password, cost);
      await table.edit((users) => {
        if (!users.has(key)) throw noSuchUser("set password of", key);
        // All of them go: what was made of the old password must not open the door any more.
        return userLine(key, credentials);
      });
    },
    async remove(address) {
      const key = formatMailbox(readAddress(address));
      await table.edit((users) => {
        if (!users.has(key)) throw noSuchUser("remove", key);
        return { key };
      });
    },
  };
}

/** What a password is stored as: for who sends it, and for who proves to know it. */
async function newCredentials(
  password: string,
  cost: ScryptCost,
): Promise<readonly string[]> {
  if (saslprep(password) === "") {
    throw new Error("Cannot set password: it is empty");
  }
  if (CONTROL.test(password)) {
    throw new Error("Cannot set password: it has control characters");
  }
  return [
    await hashPassword(password, newSalt(), cost),
    await hashForScram(password, newSalt()),
  ];
}

function newSalt(): Uint8Array<ArrayBuffer> {
  return randomFillSync(new Uint8Array(16));
}

function readUser(line: string): Said<User> | string {
  const groups = LINE.exec(line)?.groups;
  const mailbox = groups && parseMailbox(groups.address!);
  if (!mailbox) return "it does not start with an address";
  const words = (groups.rest ?? "").split(/[ \t]+/);
  const comment = words.findIndex((word) => word.startsWith("#"));
  const credentials = words.slice(0, comment < 0 ? words.length : comment)
    .filter((word) => word !== "");
  const fault = credentials.map(faultOf).find((each) => each !== undefined);
  if (fault !== undefined) return fault;
  const key = mailboxKey(mailbox);
  return { key, entry: { address: key, credentials } };
}

/** What is wrong with a credential. Those of schemes we don't know are let be. */
function faultOf(credential: string): string | undefined {
  const scheme = /^[^$]+(?=\$)/.exec(credential)?.[0];
  switch (scheme) {
    case undefined:
      return "a credential has no scheme";
    case "scrypt":
      return isScrypt(credential)
        ? undefined
        : "it is not scrypt$N$r$p$salt$hash";
    case "scram-sha-256":
      return readScramCredential(credential)
        ? undefined
        : "it is not scram-sha-256$iterations$salt$storedKey$serverKey";
    default:
      return undefined;
  }
}

function userLine(key: string, credentials: readonly string[]): LineChange {
  return { key, text: [leadingAddress(key), ...credentials].join(" ") };
}

function noSuchUser(action: string, key: string): Error {
  return new Error(`Cannot ${action} "${key}": there is no such user`);
}
