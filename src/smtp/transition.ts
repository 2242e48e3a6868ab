/**
 * What happens when: a total function from a state and an input to the next state and the reply to
 * give. It knows nothing of octets, sockets or time.
 */
import { isAsciiMailbox } from "./address.ts";
import {
  authenticate,
  exchanged,
  respond,
  unreadable,
} from "./authentication.ts";
import { type Command, type Parsed, SYNTAX } from "./command.ts";
import { keywords, type Offer } from "./extensions.ts";
import type { LineFault, PassingFault } from "./framer.ts";
import { objection } from "./guards.ts";
import { beginChunk, ended, octets, opened, refuseChunk } from "./message.ts";
import { offer, takesLogins } from "./offer.ts";
import { isPositive, type Reply } from "./reply.ts";
import * as replies from "./replies.ts";
import {
  INITIAL,
  type Input,
  type ServerConfig,
  type State,
  type Step,
} from "./state.ts";
import {
  abandon,
  ask,
  closed,
  closing,
  COMMAND,
  misuse,
  refuse,
  say,
  withoutTransaction,
} from "./steps.ts";
import { toUpperAscii } from "./utf8.ts";

/**
 * The SMTP server as a function. Peer faults come out as replies; a session that is over stays so,
 * whatever happens to it.
 *
 * @throws {TypeError} When the input can't happen in this state, which is a bug of the caller.
 */
export function transition(
  state: State,
  input: Input,
  config: ServerConfig,
): Step {
  if (state.phase.name === "closed") return { state };
  switch (input.on) {
    case "command":
      return counted(state, command(state, input.command, config), config);
    case "response":
      return counted(state, response(state, input.text), config);
    case "bad line":
      return counted(state, badLine(state, input.fault), config);
    case "octets":
      return octets(state, input.count, config);
    case "end":
      return counted(state, ended(state, input.fault), config);
    case "answer":
      return counted(state, answered(state, input.reply), config);
    case "secured":
      if (state.phase.name !== "handshake") throw misuse("secure", state);
      // RFC 3207 §4.2: what the client said in the clear is forgotten. Its faults are what we have
      // counted: TLS must not buy it as many again.
      return {
        state: {
          ...INITIAL,
          phase: COMMAND,
          secure: true,
          faults: state.faults,
        },
      };
    case "injection":
      return { state: closed(state) };
    case "timeout":
      return closing(state, replies.timedOut(config.hostname));
    case "shutdown":
      return closing(state, replies.shuttingDown(config.hostname));
    case "dismissal":
      return closing(state, input.reply);
    default:
      return input satisfies never;
  }
}

/** Counts a reply that tells the client of its own fault, and ends the session past the limit. */
function counted(before: State, step: Step, config: ServerConfig): Step {
  const { state, reply } = step;
  if (reply === undefined || !isFault(reply, before)) return step;
  const faults = state.faults + 1;
  return faults > config.maxFaults && state.phase.name !== "closed"
    ? { ...step, ...closing(state, replies.tooManyFaults(config.hostname)) }
    : { ...step, state: { ...state, faults } };
}

function isFault({ code }: Reply, { failed }: State): boolean {
  // RFC 2920 §3.1: a whole group is on its way before the client learns that its start failed.
  if (code === 503) return !failed;
  return (code >= 500 && code <= 504) || code === 530 || code === 538 ||
    code === 555;
}

function command(state: State, command: Parsed, config: ServerConfig): Step {
  if (state.phase.name !== "command") throw misuse("take a command", state);
  if (command.verb === "?") {
    return command.fatal
      ? closing(state, command.fault)
      : refuse(state, command.of, command.fault);
  }
  const refusal = objection(command.verb, state, config);
  if (refusal === undefined) return proceed(state, command, config);
  return command.verb === "BDAT"
    ? refuseChunk(state, command, refusal)
    : refuse(state, command.verb, refusal);
}

function proceed(state: State, command: Command, config: ServerConfig): Step {
  switch (command.verb) {
    case "EHLO":
    case "HELO":
      return greet(state, command, config);
    case "MAIL":
      return mail(state, command, config);
    case "RCPT":
      return recipient(state, command);
    case "DATA":
      return ask(state, {
        ask: "open",
        envelope: state.envelope!,
        via: "DATA",
      });
    case "BDAT":
      return beginChunk(state, command, config);
    case "AUTH":
      return authenticate(state, command, config);
    case "STARTTLS":
      return say(
        { ...state, phase: { name: "handshake" } },
        replies.READY_FOR_TLS,
      );
    case "RSET":
      return abandon(state, withoutTransaction(state), replies.OK);
    case "NOOP":
      return say(state, replies.OK);
    case "VRFY":
      return say(state, replies.CANNOT_VERIFY);
    case "HELP":
      return say(state, help(command.argument, offer(state, config)));
    case "QUIT":
      return closing(state, replies.bye(config.hostname));
    default:
      return command satisfies never;
  }
}

function greet(
  state: State,
  { verb, domain }: Command & { readonly verb: "EHLO" | "HELO" },
  config: ServerConfig,
): Step {
  const esmtp = verb === "EHLO";
  const next = { ...withoutTransaction(state), helo: domain, esmtp };
  const offered = esmtp ? keywords(offer(state, config)) : [];
  return abandon(state, next, replies.hello(config.hostname, offered));
}

function mail(
  state: State,
  { verb, from, parameters }: Command & { readonly verb: "MAIL" },
  config: ServerConfig,
): Step {
  if (parameters.auth !== undefined && !takesLogins(state, config)) {
    return refuse(state, verb, replies.unknownParameter("AUTH"));
  }
  // RFC 1870 §6.1: no need to hear a message that says it is too big.
  return (parameters.size ?? 0) > config.maxSize
    ? refuse(state, verb, replies.MESSAGE_TOO_BIG)
    : ask(state, { ask: "mail", from, parameters });
}

function recipient(
  state: State,
  { to, parameters }: Command & { readonly verb: "RCPT" },
): Step {
  const envelope = state.envelope!;
  return envelope.parameters.smtputf8 || isAsciiMailbox(to)
    ? ask(state, { ask: "rcpt", to, parameters, envelope })
    : say(state, replies.NEEDS_SMTPUTF8);
}

/** Help on what works now, and on nothing else. */
function help(topic: string, { tls, mechanisms }: Offer): Reply {
  const forms = new Map(Object.entries(SYNTAX));
  if (!tls) forms.delete("STARTTLS");
  if (mechanisms.length === 0) forms.delete("AUTH");
  if (topic === "") return replies.help(["Commands:", ...forms.values()]);
  const form = forms.get(toUpperAscii(topic));
  return form === undefined
    ? replies.PARAMETER_NOT_IMPLEMENTED
    : replies.help(form);
}

function response(state: State, text: string): Step {
  const { phase } = state;
  if (phase.name !== "auth") throw misuse("take a SASL response", state);
  return respond(state, phase, text);
}

function badLine(state: State, fault: LineFault): Step {
  const { phase } = state;
  if (phase.name !== "command" && phase.name !== "auth") {
    throw misuse("take a line", state);
  }
  if (fault === "TLS") return closing(state, replies.NOT_TLS);
  return phase.name === "auth"
    ? unreadable(state, fault)
    : say(state, badCommandLine(fault));
}

function badCommandLine(fault: PassingFault): Reply {
  switch (fault) {
    case "too long":
      return replies.LINE_TOO_LONG;
    case "bare LF":
      return replies.BARE_LF_LINE;
    case "control character":
      return replies.CONTROL_CHARACTER;
    case "not UTF-8":
      return replies.NOT_UTF8;
    default:
      return fault satisfies never;
  }
}

function answered(state: State, reply: Reply): Step {
  const { phase } = state;
  if (phase.name !== "asking") throw misuse("answer", state);
  // RFC 5321 §3.8: whoever says 421 says that the connection closes.
  if (reply.code === 421) return closing(state, reply);
  const { question } = phase;
  const yes = isPositive(reply);
  const idle: State = { ...state, phase: COMMAND };
  switch (question.ask) {
    case "connect":
      return say({ ...idle, unwelcome: !yes }, reply);
    case "mail": {
      const { from, parameters } = question;
      const envelope = { from, parameters, to: [] };
      return yes
        ? say({ ...idle, failed: false, envelope }, reply)
        : refuse(idle, "MAIL", reply);
    }
    case "rcpt": {
      const { envelope, to: mailbox, parameters } = question;
      const to = [...envelope.to, { mailbox, ...parameters }];
      return say(
        yes ? { ...idle, envelope: { ...envelope, to } } : idle,
        reply,
      );
    }
    case "auth":
    case "response":
      return exchanged(state, question, reply);
    case "open":
      return opened(idle, reply, phase.chunk);
    case "commit":
      return say(withoutTransaction(idle), reply);
    default:
      return question satisfies never;
  }
}
