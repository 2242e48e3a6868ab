/** Holds many sessions at once. */
import { type Client, openSession } from "./client.ts";
import type { Outcome, Plan } from "./plan.ts";

/** Sessions that are being opened at once. */
const ABREAST = 50;

/** Sessions that stand. Disposing of them closes them. */
export interface Crowd extends Disposable {
  readonly outcome: Outcome;
}

/** Opens the sessions; resolves when each has been greeted and has said EHLO. */
export async function gather(
  { port, sessions }: Extract<Plan, { kind: "crowd" }>,
): Promise<Crowd> {
  const from = Date.now();
  const clients: Client[] = [];
  const errors = new Set<string>();
  let left = sessions;
  const open = async () => {
    while (left-- > 0) {
      try {
        clients.push(await openSession(port, { tls: false }));
      } catch (cause) {
        errors.add(`${cause}`);
      }
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, open));
  return {
    outcome: { from, to: Date.now(), errors: [...errors] },
    [Symbol.dispose]: () => clients.forEach((each) => each[Symbol.dispose]()),
  };
}
