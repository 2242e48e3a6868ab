/** What visitors are judged by, in memory. */
import type { Exchange } from "../../src/policy/authentication.ts";
import type { Directory } from "../../src/policy/recipients.ts";
import type { VisitServices } from "../../src/policy/visit.ts";
import { isDomain, type Mailbox } from "../../src/smtp/address.ts";
import * as replies from "../../src/smtp/replies.ts";

/** Takes clients as they come: strangers, whom no list or limit concerns and who can't log in. */
export function anybody(hostname: string): VisitServices {
  const unlimited = { take: () => true };
  return {
    hostname,
    directory: testRu,
    canonical: (mailbox) => mailbox,
    mayRelay: () => false,
    isAllowed: () => false,
    isDenied: () => false,
    connections: unlimited,
    messages: unlimited,
    recipients: { all: 0, unknown: 0 },
    authenticator: {
      mechanisms: () => Promise.resolve([]),
      begin: () => {
        throw new TypeError("Cannot log in: nobody can");
      },
      stop() {},
    },
    failures: { isShutOut: () => false },
    blockLists: undefined,
    greylist: undefined,
  };
}

/** Everybody at test.ru but `nobody…`; `both` is an alias of petya and masha. */
const testRu: Directory = {
  isOurs: (domain) => domain.toLowerCase() === "test.ru",
  resolve({ local, domain }) {
    if (local.startsWith("nobody")) return Promise.resolve({ kind: "unknown" });
    const names = local === "both" ? ["petya", "masha"] : [local.toLowerCase()];
    const mailboxes = names.map((name) => ({
      local: name,
      domain: isDomain(domain) ? domain.toLowerCase() : "test.ru",
    }));
    return Promise.resolve({ kind: "mailboxes", mailboxes });
  },
};

/**
 * An authenticator that lets in as `login` who answers its challenge with `right`, and takes note of
 * who begins an exchange.
 */
export function challenging(
  login: Mailbox,
): VisitServices["authenticator"] & { readonly begun: string[] } {
  const begun: string[] = [];
  return {
    begun,
    mechanisms: () => Promise.resolve(["PLAIN"]),
    begin(mechanism, { address }): Exchange {
      begun.push(`${mechanism} from ${address}`);
      return {
        respond: (response) =>
          Promise.resolve(
            response === undefined
              ? { reply: replies.challenge("") }
              : response === "right"
              ? { reply: replies.AUTHENTICATED, login }
              : { reply: replies.BAD_CREDENTIALS },
          ),
      };
    },
    stop() {},
  };
}
