import { assertEquals } from "@std/assert";

const MODULE = new URL("../../src/cli/stop_signal.ts", import.meta.url);

/** Says when it listens and when it was asked to stop, but does not stop by itself. */
const PROGRAM = `
import { onStopSignal } from "${MODULE}";
onStopSignal(() => console.log("asked"));
setInterval(() => {}, 1_000);
console.log("ready");
`;

Deno.test({
  name:
    "onStopSignal() asks at the first of each signal and exits at the second",
  // There a signal to another process ends it at once.
  ignore: Deno.build.os === "windows",
  async fn() {
    await using process = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", PROGRAM],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const heard: string[] = [];
    const signals: Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGINT"];
    const lines = process.stdout.pipeThrough(new TextDecoderStream());
    for await (const line of lines) {
      heard.push(line.trim());
      const signal = signals.shift();
      if (signal) process.kill(signal);
    }
    assertEquals(heard, ["ready", "asked", "asked"]);
    assertEquals((await process.status).code, 130);
  },
});
