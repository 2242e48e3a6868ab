import { failureText } from "./src/cli/failure.ts";
import { run } from "./src/cli/run.ts";
import { systemTerminal } from "./src/cli/system_terminal.ts";

// A promise that nobody waits for must not end the program with a stack trace.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  const text = failureText(event.reason, { stack: false });
  systemTerminal.error(`smtpd: ${text}`);
  Deno.exit(1);
});

Deno.exitCode = await run(Deno.args, systemTerminal);
