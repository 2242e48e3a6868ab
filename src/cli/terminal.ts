/** What a subcommand may say to, and hear from, whoever runs it; a scripted one stands in for it in tests. */
export interface Terminal {
  /** Whether a person sits at standard input, so that a question makes sense. */
  readonly interactive: boolean;
  /** Columns of the window that `out` prints in; `undefined` when it prints to a file or a pipe. */
  readonly columns?: number | undefined;
  /** Prints a line on standard output. */
  out(line: string): void;
  /** Prints a line on standard error. */
  error(line: string): void;
  /** Asks for a line that isn't shown; `undefined` when the person breaks off. Only when interactive. */
  readSecret(prompt: string): Promise<string | undefined>;
  /** Everything that standard input holds, as text. */
  readAll(): Promise<string>;
  /** Writes whole lines on standard error without holding up the program meanwhile. */
  log(lines: string): Promise<void>;
}

/**
 * A subcommand: runs with the arguments after its name and answers the exit code: 0 done, 1 failed
 * while running. It throws `WrongUse` for exit code 2; anything else it throws is printed as one line,
 * with exit code 1.
 */
export type Subcommand = (
  args: readonly string[],
  terminal: Terminal,
) => Promise<number>;

/** Thrown when the command line or the config file asks for what can't be: a line for each fault. */
export class WrongUse extends Error {
  override readonly name = "WrongUse";
  /** What is wrong, each readable by itself. */
  readonly problems: readonly string[];

  /** Of one or more problems. */
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}
