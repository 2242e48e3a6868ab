/** How the client's side of the dialogue is written down: without secrets, without messages. */
import type { Parsed } from "./command.ts";
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
  if (command.verb !== "?") return `<- ${line}`;
  // What follows an AUTH that failed may be the rest of it, password and all.
  return command.of === "AUTH" || authRefused
    ? `<- (${line.length} characters, not shown)`
    : `<- ${line}`;
}

/** The record of a SASL response (RFC 4954 §4). */
export function heardResponse(line: string): string {
  return line === "*" ? "<- *" : "<- (SASL response, not shown)";
}

/** The record of a message's text or of one chunk of it. */
export function heardMessage({ phase, size }: State): string {
  return phase.name === "chunk"
    ? `<- (${phase.size} octets of message)`
    : `<- (${size} octets of message)`;
}
