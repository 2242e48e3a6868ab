import { openLog } from "../log.ts";
import { formatEndpoint } from "../net/transport.ts";
import { startServer } from "../server/start.ts";
import { openThreadedFlow } from "../server/threaded_flow.ts";
import { clock } from "../system/clock.ts";
import { serverSettings } from "./load.ts";
import { onStopSignal } from "./stop_signal.ts";
import type { Terminal } from "./terminal.ts";
import { welcome } from "./welcome.ts";

/** Receives mail until a signal asks it to stop. */
export async function serve(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const { settings } = await serverSettings(args);
  await using log = openLog({
    level: settings.logLevel,
    format: settings.logFormat,
    write: (lines) => terminal.log(lines),
    clock,
  });
  const asked = Promise.withResolvers<void>();
  using _signals = onStopSignal(asked.resolve);
  const server = await startServer(settings, {
    log,
    openFlow: (settings, options) =>
      openThreadedFlow(settings, { ...options, logLines: log.lines }),
  });
  try {
    if (settings.logFormat === "text") {
      welcome(settings, server.doors).forEach(terminal.out);
    } else {
      for (const { setting, addresses } of server.doors) {
        const on = addresses.map(formatEndpoint).join(" ");
        log.info("listening", { setting, on });
      }
    }
    await Promise.race([asked.promise, server.finished]);
  } finally {
    await server.stop();
  }
  return 0;
}
