/** Waiting for a server whose port is known before it starts. */
import { eventually } from "../e2e/patience.ts";
import { HOST } from "../e2e/program.ts";

/** Waits until somebody listens at a port. */
export async function listening(port: number): Promise<void> {
  await eventually(() => isListening(port), "smtpd to listen");
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: HOST, port })).close();
    return true;
  } catch {
    return false;
  }
}
