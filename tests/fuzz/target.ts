/** Something that is fuzzed. */
export interface Target {
  /** As `--target` names it. */
  readonly name: string;
  /** Tries in the test set. */
  readonly tries: number;
  /** One try, of which the seed says all. Throws, or rejects, when it finds a fault. */
  readonly fuzz: Fuzz;
}

/** One try, of which the seed says all. */
export type Fuzz = (seed: number) => void | Promise<void>;

/**
 * Makes tries from `first` on, one after the other.
 *
 * @throws {Error} From the first that fails; the message says how to make it again.
 */
export async function tryOut(
  { name, fuzz }: Target,
  { first, tries }: { readonly first: number; readonly tries: number },
): Promise<void> {
  for (let seed = first; seed < first + tries; seed++) {
    try {
      // Most are done at once, and waiting for nothing takes longer than they do.
      const pending = fuzz(seed);
      if (pending !== undefined) await pending;
    } catch (cause) {
      const again = `deno task fuzz 1 ${seed} --target ${name}`;
      throw new Error(`A try fails; to make it again: ${again}`, { cause });
    }
  }
}

/**
 * Runs `check` on an input that is shown if it fails.
 *
 * @throws {Error} What `check` throws, with the input.
 */
export function showing(input: unknown, check: () => void): void {
  try {
    check();
  } catch (cause) {
    throw faulty(input, cause);
  }
}

/** The same for a check that takes its time. */
export async function showingLater(
  input: unknown,
  check: () => Promise<void>,
): Promise<void> {
  try {
    await check();
  } catch (cause) {
    throw faulty(input, cause);
  }
}

function faulty(input: unknown, cause: unknown): Error {
  return new Error(`It fails with ${JSON.stringify(input)}`, { cause });
}
