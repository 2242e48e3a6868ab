import type { Terminal } from "../../src/cli/terminal.ts";

/** What a scripted terminal was told, as text with a line break after each line. */
export interface ScriptedTerminal extends Terminal {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A terminal that hears `stdin`, or a person who types `secrets` one after another and then breaks
 * off.
 */
export function scriptedTerminal(
  { stdin = "", secrets }: {
    readonly stdin?: string;
    readonly secrets?: readonly string[];
  } = {},
): ScriptedTerminal {
  let stdout = "";
  let stderr = "";
  const typed = [...secrets ?? []];
  return {
    interactive: secrets !== undefined,
    out: (line) => void (stdout += `${line}\n`),
    error: (line) => void (stderr += `${line}\n`),
    readSecret: () => Promise.resolve(typed.shift()),
    readAll: () => Promise.resolve(stdin),
    log(lines) {
      stderr += lines;
      return Promise.resolve();
    },
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
  };
}
