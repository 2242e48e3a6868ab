/** The world as the dialogues know it, where a file doesn't say otherwise. */
import type { Reply } from "../../src/smtp/reply.ts";
import * as replies from "../../src/smtp/replies.ts";
import type { EnvelopeRecipient, Question } from "../../src/smtp/state.ts";
import { formatMailbox } from "../../src/smtp/address.ts";
import { CONFIG } from "./transcript.ts";

/**
 * Answers a question: everybody may speak, send and receive, except that nobody whose name starts
 * with `nobody` is known and nobody can log in. Each message is queued as `ID`.
 */
export function decide(question: Question): Reply {
  switch (question.ask) {
    case "connect":
      return replies.greeting(CONFIG.hostname);
    case "mail":
      return replies.SENDER_OK;
    case "rcpt":
      return question.to.local.toLowerCase().startsWith("nobody")
        ? replies.NO_SUCH_USER
        : replies.RECIPIENT_OK;
    case "auth":
    case "response":
      return replies.BAD_CREDENTIALS;
    case "open":
      return question.via === "DATA" ? replies.START_MAIL : replies.OK;
    case "commit":
      return replies.queued("ID");
    default:
      return question satisfies never;
  }
}

/** A question as the dialogues write it: `rcpt <petya@test.ru>`, `auth PLAIN AGEAYg==`, `open DATA`. */
export function describe(question: Question): string {
  switch (question.ask) {
    case "connect":
      return "connect";
    case "mail": {
      const { size, body, smtputf8, ret, envid } = question.parameters;
      return [
        `mail <${question.from === null ? "" : formatMailbox(question.from)}>`,
        ...(size === undefined ? [] : [`SIZE=${size}`]),
        ...(body === "7BIT" ? [] : [`BODY=${body}`]),
        ...(smtputf8 ? ["SMTPUTF8"] : []),
        ...(ret === undefined ? [] : [`RET=${ret}`]),
        ...(envid === undefined ? [] : [`ENVID=${JSON.stringify(envid)}`]),
      ].join(" ");
    }
    case "rcpt":
      return `rcpt ${
        describeRecipient({ mailbox: question.to, ...question.parameters })
      }`;
    case "auth":
      return question.response === undefined
        ? `auth ${question.mechanism}`
        : `auth ${question.mechanism} ${question.response}`;
    case "response":
      return `response ${question.mechanism} ${question.response}`;
    case "open":
      return `open ${question.via}`;
    case "commit": {
      const { from, to } = question.envelope;
      return `commit <${from === null ? "" : formatMailbox(from)}> ${
        to.map(describeRecipient).join(" ")
      }`;
    }
    default:
      return question satisfies never;
  }
}

function describeRecipient(
  { mailbox, notify, orcpt }: EnvelopeRecipient,
): string {
  return [
    `<${formatMailbox(mailbox)}>`,
    ...(notify === undefined ? [] : [`NOTIFY=${notify.join() || "NEVER"}`]),
    ...(orcpt === undefined ? [] : [`ORCPT=${orcpt.type};${orcpt.address}`]),
  ].join(" ");
}
