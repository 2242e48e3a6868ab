/**
 * One SMTP reply (RFC 5321 §4.2). Policy, shell and state machine all speak this type: every
 * decision anyone makes for the session comes to it as a reply.
 */
export interface Reply {
  /** From 200 to 599. */
  readonly code: number;
  /** Enhanced status (RFC 3463); absent from greetings, EHLO answers and 3xx (RFC 2034 §4). */
  readonly status?: string;
  /** The text, or one text per line of a multiline reply. */
  readonly text: string | readonly string[];
}

/**
 * Makes a reply with an enhanced status code.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatReply, reply } from "./reply.ts";
 *
 * assertEquals(formatReply(reply(250, "2.0.0", "OK")), "250 2.0.0 OK\r\n");
 * ```
 */
export function reply(
  code: number,
  status: string,
  text: string | readonly string[],
): Reply {
  return { code, status, text };
}

/** The reply's lines as they go on the wire, without their CRLF (RFC 5321 §4.2.1). */
export function replyLines({ code, status, text }: Reply): readonly string[] {
  const prefix = status === undefined ? "" : `${status} `;
  if (typeof text === "string") return [`${code} ${prefix}${text}`];
  return text.map((line, index) =>
    `${code}${index === text.length - 1 ? " " : "-"}${prefix}${line}`
  );
}

/** The reply as it goes on the wire, each line ended by CRLF. */
export function formatReply(reply: Reply): string {
  return `${replyLines(reply).join("\r\n")}\r\n`;
}

/** Whether the reply says yes, or go on: any 2xx or 3xx. */
export function isPositive({ code }: Reply): boolean {
  return code < 400;
}
