/** What every reply must look like. */
import { assert, assertEquals } from "@std/assert";

/**
 * Reads what a server sent as replies, and looks at each.
 *
 * @returns The replies, each with its lines joined.
 * @throws {Error} When one is not well-formed.
 */
export function assertWellFormed(output: string): readonly string[] {
  assert(output === "" || output.endsWith("\r\n"), "a line without its end");
  const replies: string[] = [];
  let lines: string[] = [];
  for (const line of output.split("\r\n").slice(0, -1)) {
    // RFC 5321 §4.2: textstring = 1*(%d09 / SP / VCHAR); §4.5.3.1.5: 512 octets with the CRLF.
    assert(/^[2345]\d\d[ -][\t -~]*$/.test(line), JSON.stringify(line));
    assert(line.length <= 510, line);
    lines.push(line);
    if (line[3] === "-") continue;
    assertReply(lines, { greeting: replies.length === 0 });
    replies.push(lines.join("\n"));
    lines = [];
  }
  assertEquals(lines, [], "a reply that doesn't end");
  return replies;
}

function assertReply(
  lines: readonly string[],
  { greeting }: { readonly greeting: boolean },
): void {
  const first = lines[0]!;
  const code = first.slice(0, 3);
  const status = enhancedCode(first);
  for (const line of lines) {
    assertEquals(line.slice(0, 3), code);
    // RFC 2034 §4: the same in every line.
    assertEquals(enhancedCode(line), status, first);
  }
  if (status !== undefined) assertEquals(status[0], code[0], first);
  else assert(greeting || mayLackCode(first), first);
}

function enhancedCode(line: string): string | undefined {
  return /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3}) /.exec(line)?.[1];
}

/** RFC 2034 §4: no code in answers to HELO and EHLO and in 3xx. */
function mayLackCode(line: string): boolean {
  return /^3|^250[ -]mx\.test\.ru$|^501 Syntax: (?:EHLO|HELO) /.test(line);
}
