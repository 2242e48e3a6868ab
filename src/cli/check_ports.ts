import { listen } from "../net/listener.ts";
import { type Door, doorsOf } from "../server/doors.ts";
import { failureText } from "./failure.ts";
import { type Findings, note, problem } from "./check_finding.ts";
import type { Subject } from "./check_subject.ts";

/** What ports are tried with. */
type PortSubject = Pick<Subject, "settings" | "running" | "clock" | "log">;

/**
 * Listens at each port for a moment. Where our own server runs, it has them, and rights that we may
 * lack.
 */
export function checkPorts(subject: PortSubject): Findings {
  return doorsOf(subject.settings).flatMap((door) => checkPort(door, subject));
}

function checkPort(
  { port, setting }: Door,
  { settings: { host }, running, clock, log }: PortSubject,
): Findings {
  try {
    listen({ host, port, setting, clock, log }).close();
    return [];
  } catch (cause) {
    const why = failureText(cause, { stack: false });
    return running && isServersDoing(cause)
      ? note(`Port ${port} was not tried: a server is using the mail folder`)
      : problem(why);
  }
}

/** Whether it may well be so because a server of ours runs. */
function isServersDoing(cause: unknown): boolean {
  const reason = cause instanceof Error ? cause.cause : undefined;
  return reason instanceof Deno.errors.AddrInUse ||
    reason instanceof Deno.errors.PermissionDenied;
}
