/** How the dialogue is written down: without secrets, without messages. */
import type { Parsed, Verb } from "./command.ts";
import type { State } from "./state.ts";

/** The record of a command line. */
export function heardCommand(
  line: string,
  command: Parsed,
  { authRefused }: State,
): string {
  if (command.verb === "AUTH") {
    const secret = command.initial === undefined ? "" : " (not shown)";
    return `<- AUTH ${command.mechanism}${secret}`;
  }
  return command.verb === "?" && isSecret(line, command.of, authRefused)
    ? `<- (${line.length} characters, not shown)`
    : `<- ${line}`;
}

/**
 * A line that is no command may be AUTH misspelt, or, behind an AUTH that failed, the rest of it:
 * password and all.
 */
function isSecret(
  line: string,
  of: Verb | undefined,
  authRefused: boolean,
): boolean {
  return of === "AUTH" ||
    (of === undefined && (authRefused || /^[ \t]*AUTH/i.test(line)));
}

/** The record of a SASL response (RFC 4954 §4). */
export function heardResponse(line: string): string {
  return line === "*" ? "<- *" : "<- (SASL response, not shown)";
}

/**
 * What is shown of a line of a reply: all but the challenges of SASL. With SCRAM's, and that holds
 * for those of others, who reads them could try passwords in their own time (RFC 5802 §9). Nothing
 * is in an empty one, and those of LOGIN are the same for everybody.
 */
export function shownReply(line: string): string {
  return /^334[ -](?!(?:VXNlcm5hbWU6|UGFzc3dvcmQ6)?$)/.test(line)
    ? `${line.slice(0, 4)}(SASL challenge, not shown)`
    : line;
}

/** The record of a message's text or of one chunk of it. */
export function heardMessage({ phase, size }: State): string {
  return phase.name === "chunk"
    ? `<- (${phase.size} octets of message)`
    : `<- (${size} octets of message)`;
}
