import { andThen, type Awaitable } from "../ports/awaitable.ts";
import { formatMailbox, type Mailbox } from "../smtp/address.ts";
import type { Reply } from "../smtp/reply.ts";
import * as replies from "../smtp/replies.ts";
import type { Envelope } from "../smtp/state.ts";
import type { Authenticator, Exchange } from "./authentication.ts";
import type { BlockLists } from "./block_lists.ts";
import { clientGroup } from "./client_group.ts";
import type { Greylist } from "./greylist.ts";
import type { LoginFailures } from "./login_failures.ts";
import type { Rate } from "./rates.ts";
import { type Directory, judgeRecipient, type Verdict } from "./recipients.ts";
import { mayUse } from "./senders.ts";

/** What visitors are judged by; what is off is `undefined`. */
export interface VisitServices {
  readonly hostname: string;
  readonly directory: Directory;
  /** An address in the one spelling that addresses are compared in. */
  readonly canonical: (mailbox: Mailbox) => Mailbox;
  /** Whether a client at this IP address is one of ours, who may send to any domain. */
  readonly mayRelay: (address: string) => boolean;
  /** Whether a client at this IP address is spared what strangers are not. */
  readonly isAllowed: (address: string) => boolean;
  readonly isDenied: (address: string) => boolean;
  /** Connections of a client group, and logins of a user. */
  readonly connections: Rate;
  /** Messages of a client group, or of a user. */
  readonly messages: Rate;
  /** Recipients that one session may name, and how many of them unknown; 0 is no limit. */
  readonly recipients: { readonly all: number; readonly unknown: number };
  readonly authenticator: Authenticator;
  readonly failures: Pick<LoginFailures, "isShutOut">;
  readonly blockLists: BlockLists | undefined;
  readonly greylist: Greylist | undefined;
}

/** Who comes. */
export interface Visitor {
  /** The client's IP address, without brackets. */
  readonly address: string;
  /** Whether it comes by a door where it has to log in. */
  readonly mustLogIn: boolean;
}

/**
 * One client's visit: all that is decided about the client itself, its senders and its recipients.
 * Whoever has logged in is judged as that user, everybody else by the address.
 */
export class Visit {
  /**
   * Whether it may be anybody: the address isn't one that is spared, and the door is open to who
   * doesn't log in.
   */
  readonly isStranger: boolean;
  readonly #services: VisitServices;
  readonly #visitor: Visitor;
  /** Whether the address is one of ours. */
  readonly #isOurs: boolean;
  /** Whether the address is spared what others are not, whoever uses it. */
  readonly #isSpared: boolean;
  #listed: Promise<string | undefined> | undefined;
  #exchange: Exchange | undefined;
  #login: Mailbox | undefined;
  #recipients = 0;
  #unknown = 0;

  constructor(services: VisitServices, visitor: Visitor) {
    const { address, mustLogIn } = visitor;
    this.#services = services;
    this.#visitor = visitor;
    this.#isOurs = services.mayRelay(address);
    this.#isSpared = this.#isOurs || services.isAllowed(address);
    this.isStranger = !this.#isSpared && !mustLogIn;
  }

  /** Who has logged in. */
  get login(): Mailbox | undefined {
    return this.#login;
  }

  /** Whether the client may send to any domain. */
  get mayRelay(): boolean {
    return this.#isOurs || this.#login !== undefined;
  }

  /** The greeting, or why there is none. */
  connect(): Reply {
    const { hostname, isDenied, connections, failures } = this.#services;
    const { address, mustLogIn } = this.#visitor;
    if (mustLogIn && failures.isShutOut(address)) {
      return replies.guessingPasswords(hostname);
    }
    if (!this.#isSpared) {
      if (isDenied(address)) return replies.DENIED;
      if (!connections.take(clientGroup(address))) {
        return replies.connectingTooOften(hostname);
      }
    }
    if (this.isStranger) {
      // Asked now, so that the answer is there when it is needed.
      this.#listed = this.#services.blockLists?.lookUp(address);
    }
    return replies.greeting(hostname);
  }

  /** Whether a sender may begin a transaction. */
  mail(from: Mailbox | null): Awaitable<Reply> {
    if (this.#login !== undefined) return this.#mailOf(this.#login, from);
    if (this.#isSpared) return replies.SENDER_OK;
    const { address } = this.#visitor;
    return andThen(
      this.#listed,
      (list) =>
        list === undefined
          ? this.#messageBy(clientGroup(address))
          : replies.blockListed(address, list),
    );
  }

  async #mailOf(login: Mailbox, from: Mailbox | null): Promise<Reply> {
    // RFC 6409 §6.1. The null reverse-path is nobody's: that of a receipt, say.
    return from === null || await mayUse(login, from, this.#services)
      ? this.#messageBy(formatMailbox(login))
      : replies.NOT_YOUR_ADDRESS;
  }

  #messageBy(whom: string): Reply {
    return this.#services.messages.take(whom)
      ? replies.SENDER_OK
      : replies.SENDING_TOO_MUCH;
  }

  /** Whether mail goes to a recipient, and if so where. */
  recipient(to: Mailbox, { from }: Envelope): Awaitable<Verdict> {
    const refusal = this.#countRecipient();
    if (refusal !== undefined) return refused(refusal);
    const { directory } = this.#services;
    const mayRelay = this.mayRelay;
    const judged = judgeRecipient(to, { directory, mayRelay });
    return andThen(judged, (verdict) => {
      if (verdict.kind === "refused") {
        return refused(this.#refusal(verdict.reply));
      }
      const reply = this.#greylisted(from, to);
      return reply === undefined ? verdict : refused(reply);
    });
  }

  #countRecipient(): Reply | undefined {
    const { all } = this.#services.recipients;
    if (this.#isTrusted) return undefined;
    return all > 0 && ++this.#recipients > all
      ? replies.TOO_MANY_RECIPIENTS_IN_SESSION
      : undefined;
  }

  /** RFC 5321 §7.3: whoever tries names until one is known learns little in one session. */
  #refusal(reply: Reply): Reply {
    const { recipients: { unknown }, hostname } = this.#services;
    return reply === replies.NO_SUCH_USER && unknown > 0 &&
        ++this.#unknown > unknown
      ? replies.guessingAddresses(hostname)
      : reply;
  }

  #greylisted(from: Mailbox | null, to: Mailbox): Reply | undefined {
    if (this.#isTrusted) return undefined;
    const { address } = this.#visitor;
    return this.#services.greylist?.judge({ address, from, to });
  }

  /** Whether we know who it is, by the address or by the login. */
  get #isTrusted(): boolean {
    return this.#isSpared || this.#login !== undefined;
  }

  /** Begins to authenticate; `response` is the initial one, in base64, if it came with AUTH. */
  authenticate(
    mechanism: string,
    response: string | undefined,
  ): Promise<Reply> {
    const { address } = this.#visitor;
    this.#exchange = this.#services.authenticator.begin(mechanism, { address });
    return this.respond(response);
  }

  /** Goes on with the client's next response. */
  async respond(response: string | undefined): Promise<Reply> {
    if (this.#exchange === undefined) {
      throw new TypeError("Cannot go on with an exchange: none has begun");
    }
    const { reply, login } = await this.#exchange.respond(response);
    if (login === undefined) return reply;
    const { connections, hostname } = this.#services;
    if (!connections.take(formatMailbox(login))) {
      return replies.connectingTooOften(hostname);
    }
    this.#login = login;
    return reply;
  }

  /** RFC 3207 §4.2: under TLS the client starts over. */
  secured(): void {
    this.#exchange = undefined;
    this.#login = undefined;
  }
}

function refused(reply: Reply): Verdict & { readonly kind: "refused" } {
  return { kind: "refused", reply };
}
