import { doorsOf } from "../server/doors.ts";
import { isScrypt } from "../store/password.ts";
import { readScramCredential } from "../store/scram_credential.ts";
import type { User } from "../store/users.ts";
import { type Findings, warning } from "./check_finding.ts";
import { isWithinReach } from "./check_networks.ts";
import type { Members, Subject } from "./check_subject.ts";

/** Looks at who can log in, and who can read their passwords on the way. */
export function checkLogins(
  { settings, members }: Pick<Subject, "settings" | "members">,
): Findings {
  return [
    ...checkEncryption({ settings }),
    ...(members === undefined ? [] : [
      ...checkDoors({ settings }, members),
      ...checkScram(members),
    ]),
  ];
}

/** A developer's server, and one that only this machine reaches, needs no encryption. */
function checkEncryption({ settings }: Pick<Subject, "settings">): Findings {
  const { accept, insecureAuth, tlsFiles } = settings;
  if (accept === "all" || !isWithinReach(settings)) return [];
  const loginless = insecureAuth ? "" : " and nobody can log in";
  return [
    ...(tlsFiles.length === 0
      ? warning(
        `No --tls-cert: mail comes in the clear${loginless}; get a certificate ` +
          "(README says how)",
      )
      : []),
    ...(insecureAuth
      ? warning(
        "--insecure-auth: passwords may cross the network in the clear; take it " +
          "out and give --tls-cert",
      )
      : []),
  ];
}

function checkDoors(
  { settings }: Pick<Subject, "settings">,
  { users }: Members,
): Findings {
  if (users.values().some(hasPassword)) return [];
  return doorsOf(settings).filter(({ login }) => login === "required")
    .flatMap(({ setting }) =>
      warning(
        `--${setting}: nobody can log in there, for no user has a password; ` +
          "smtpd user add makes one",
      )
    );
}

/** A mechanism is offered to everybody or to nobody: the server can't ask who it will be. */
function checkScram({ users }: Members): Findings {
  const lacking = users.values()
    .filter((user) => hasPassword(user) && !hasScramKeys(user))
    .map(({ address }) => address).toArray();
  return lacking.length === 0 ? [] : warning(
    `SCRAM-SHA-256 is not offered until smtpd user passwd has set a new ` +
      `password for ${some(lacking)}`,
  );
}

function hasPassword({ credentials }: User): boolean {
  return credentials.some(isScrypt) || hasScramKeys({ credentials });
}

function hasScramKeys({ credentials }: Pick<User, "credentials">): boolean {
  return credentials.some((each) => readScramCredential(each) !== undefined);
}

const MOST_NAMED = 3;

/** `a, b, c and 12 others` */
function some(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED;
  const named = names.slice(0, MOST_NAMED).join(", ");
  return rest > 0 ? `${named} and ${rest} more` : named;
}
