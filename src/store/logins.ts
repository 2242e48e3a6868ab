import type { ScramKeys } from "../sasl/server_exchange.ts";
import { type Mailbox, parseMailbox } from "../smtp/address.ts";
import { canonicalMailbox, mailboxKey } from "./canonical.ts";
import {
  decoyCredential,
  isPassword,
  isScrypt,
  type ScryptCost,
  USUAL_COST,
} from "./password.ts";
import { decoyKeys, readScramCredential } from "./scram_credential.ts";
import type { User, Users } from "./users.ts";

/**
 * Who logs in. A name is a user's address in any spelling; without a domain it is one at the first
 * of our domains. What the users file says now counts, whoever changed it.
 */
export interface Logins {
  /**
   * The mailbox of who has this name and password; `undefined` when there is nobody. It takes as
   * long when there is no such user, or one who cannot log in. Each call takes a core and 32 MiB of
   * memory for a quarter of a second.
   */
  verify(name: string, password: string): Promise<Mailbox | undefined>;
  /**
   * The SCRAM keys of who has this name, and their mailbox. For all others keys that nobody can
   * prove, which can't be told from true ones, and no mailbox.
   */
  scramKeys(name: string): Promise<{
    readonly keys: ScramKeys;
    readonly mailbox: Mailbox | undefined;
  }>;
  /**
   * Whether everybody who has a password has SCRAM keys too, as it was `maxAge` milliseconds ago or
   * later. Passwords set by versions before SCRAM have none.
   */
  everybodyHasScramKeys(maxAge: number): Promise<boolean>;
}

/** What logins are looked up with. */
export interface LoginsOptions {
  readonly users: Pick<Users, "entries">;
  /** What decoys are made of: the same at every start, lest they be told apart by changing. */
  readonly secret: Uint8Array;
  /** The first of our domains, if there is any. */
  readonly domain?: string | undefined;
  /** What passwords are stored with. */
  readonly cost?: ScryptCost;
}

/** Looks up who logs in among the users. */
export function loginsOf(options: LoginsOptions): Logins {
  const { users, secret, domain, cost = USUAL_COST } = options;
  /** What the passwords of those who are not users are checked against. */
  const decoy = decoyCredential(cost);
  const allHaveKeys = rememberLast(haveScramKeys);

  function mailboxOf(name: string): Mailbox | undefined {
    const mailbox = parseMailbox(name) ??
      (domain && parseMailbox(`${name}@${domain}`));
    return mailbox ? canonicalMailbox(mailbox) : undefined;
  }

  async function credentialsOf(
    mailbox: Mailbox | undefined,
  ): Promise<readonly string[]> {
    const all = await users.entries(0);
    return mailbox && all.get(mailboxKey(mailbox))?.credentials || [];
  }

  return {
    async verify(name, password) {
      const mailbox = mailboxOf(name);
      const credential = (await credentialsOf(mailbox)).find(isScrypt);
      const right = await isPassword(password, credential ?? decoy);
      return right && credential !== undefined ? mailbox : undefined;
    },
    async scramKeys(name) {
      const mailbox = mailboxOf(name);
      const keys = scramKeysOf(await credentialsOf(mailbox));
      if (keys) return { keys, mailbox };
      const spelling = mailbox ? mailboxKey(mailbox) : name;
      return { keys: decoyKeys(spelling, secret), mailbox: undefined };
    },
    async everybodyHasScramKeys(maxAge) {
      return allHaveKeys(await users.entries(maxAge));
    },
  };
}

function haveScramKeys(users: ReadonlyMap<string, User>): boolean {
  return users.values().every(({ credentials }) =>
    !credentials.some(isScrypt) || scramKeysOf(credentials) !== undefined
  );
}

function scramKeysOf(credentials: readonly string[]): ScramKeys | undefined {
  return credentials.values().map(readScramCredential).find(Boolean);
}

/** Makes a function that works out its answer anew only when it is asked about something else. */
function rememberLast<Subject extends object, Answer>(
  answerTo: (subject: Subject) => Answer,
): (subject: Subject) => Answer {
  let last: { readonly subject: Subject; readonly answer: Answer } | undefined;
  return (subject) => {
    if (last?.subject !== subject) {
      last = { subject, answer: answerTo(subject) };
    }
    return last.answer;
  };
}
