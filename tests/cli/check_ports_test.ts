import { assertEquals, assertMatch } from "@std/assert";
import { checkPorts } from "../../src/cli/check_ports.ts";
import { clock } from "../../src/system/clock.ts";
import { fakeLog } from "../queue/fakes.ts";
import { linesOf, settingsOf } from "./check_fakes.ts";

const HOST = "127.0.0.1";

/** What is said of three ports. */
function said(
  ports: readonly number[],
  { running = false } = {},
): readonly string[] {
  const [port, submission, submissions] = ports;
  const settings = settingsOf([
    ...["--host", HOST, "--tls-cert", "cert.pem", "--port", `${port}`],
    ...["--submission-port", `${submission}`],
    ...["--submissions-port", `${submissions}`],
  ]);
  const log = fakeLog();
  return linesOf(checkPorts({ settings, running, clock, log }));
}

Deno.test("checkPorts() finds nothing where all are free", () => {
  assertEquals(said([0, 0, 0]), []);
});

Deno.test("checkPorts() names every port that is taken", () => {
  using one = Deno.listen({ hostname: HOST, port: 0 });
  using other = Deno.listen({ hostname: HOST, port: 0 });
  const taken = [one.addr.port, other.addr.port];
  const lines = said([taken[0]!, 0, taken[1]!]);
  assertEquals(lines.length, 2);
  assertMatch(
    lines[0]!,
    new RegExp(`^problem: Cannot listen on ${HOST}:${taken[0]}: .* --port$`),
  );
  assertMatch(
    lines[1]!,
    new RegExp(`^problem: Cannot .*:${taken[1]}: .* --submissions-port$`),
  );
});

Deno.test("checkPorts() doesn't blame a server for what it has", () => {
  using taken = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = taken.addr;
  assertEquals(said([0, port, 0], { running: true }), [
    `note: Port ${port} was not tried: a server is using the mail folder`,
  ]);
});

Deno.test("checkPorts() tells of an address that isn't ours, server or not", () => {
  const settings = settingsOf(["--host", "192.0.2.1", "--port", "0"]);
  const log = fakeLog();
  for (const running of [false, true]) {
    const [line = ""] = linesOf(checkPorts({ settings, running, clock, log }));
    assertMatch(line, /^problem: /);
  }
});
