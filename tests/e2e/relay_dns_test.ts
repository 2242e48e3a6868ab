/** Mail finds its way by DNS, over real sockets, and waits where DNS can't say. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Answers, type Fault, startDnsServer } from "../net/dns_server.ts";
import { eventually } from "./patience.ts";
import { mailFolder, type Program, start } from "./program.ts";
import { freePort, type RemoteServer, startRemote } from "./remote_server.ts";
import { mailsOf } from "./stored_mail.ts";
import { submit } from "./submit.ts";

const HOSTS = {
  "mx4.test": { A: ["127.0.0.1"] },
  "mx6.test": { AAAA: ["::1"] },
} as const;

/** Two servers at the port of mail, one of each family, and a DNS server that names them. */
async function network(domains: Readonly<Record<string, Answers | Fault>>) {
  const port = freePort("::1");
  await using opening = new AsyncDisposableStack();
  const ipv4 = opening.use(startRemote({}, { port }));
  const ipv6 = opening.use(startRemote({}, { address: "::1", port }));
  const zone: Record<string, Answers | Fault> = { ...HOSTS, ...domains };
  const dns = opening.use(await startDnsServer(zone));
  const open = opening.move();
  return {
    ipv4,
    ipv6,
    /** What the DNS server knows, to be changed at will. */
    zone,
    flags: [
      ...["--relay-from", "127.0.0.1", "--retry", "1s"],
      ...["--dns", `${dns.address}:${dns.port}`, "--mx-port", `${port}`],
    ],
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** A server under test that sends mail by way of the network. */
function startIn(
  { flags }: { readonly flags: readonly string[] },
  mailDir: string,
): Promise<Program> {
  return start(
    mailDir,
    ...["--domain", "test.ru", "--accept", "domain"],
    ...flags,
  );
}

async function sendTo(server: Program, ...domains: readonly string[]) {
  for (const domain of domains) {
    assertMatch(
      await submit(server.port, {
        from: "petya@test.ru",
        to: [`vasya@${domain}`],
        content: new TextEncoder().encode("hello\r\n"),
      }),
      /^250 /,
    );
  }
}

/** The recipients of what a server took on. */
function recipients({ letters }: RemoteServer): readonly string[] {
  return letters.flatMap(({ to }) => to).sort();
}

Deno.test("smtpd sends mail where DNS says, past a host that is down", async () => {
  await using net = await network({
    "six.test": { MX: [[20, "mx4.test"], [10, "mx6.test"]] },
    "four.test": { MX: [[10, "mx4.test"], [20, "mx6.test"]] },
    "implicit.test": { A: ["127.0.0.1"] },
    "again.test": { MX: [[20, "mx4.test"], [10, "mx6.test"]] },
  });
  await using folder = await mailFolder();
  await using server = await startIn(net, folder.mailDir);
  await sendTo(server, "six.test", "four.test", "implicit.test");
  await net.ipv4.took(2);
  await net.ipv6.took(1);
  assertEquals(recipients(net.ipv6), ["vasya@six.test"]);
  await net.ipv6[Symbol.asyncDispose]();
  await sendTo(server, "again.test");
  await net.ipv4.took(3);
  const { code } = await server.stop();
  assertEquals(code, 0);
  assertEquals(recipients(net.ipv4), [
    "vasya@again.test",
    "vasya@four.test",
    "vasya@implicit.test",
  ]);
});

Deno.test("smtpd bounces mail for a domain that takes none, or isn't there", async () => {
  await using net = await network({ "null.test": { MX: [[0, "."]] } });
  await using folder = await mailFolder();
  await using server = await startIn(net, folder.mailDir);
  const cases = [["null.test", "5.1.10"], ["nowhere.test", "5.1.2"]] as const;
  await sendTo(server, ...cases.map(([domain]) => domain));
  const reports = () => mailsOf(folder.mailDir, "petya");
  await eventually(() => reports().length >= cases.length, "the reports");
  for (const [domain, status] of cases) {
    const report = reports().find((mail) => mail.includes(domain)) ?? "";
    assert(report.startsWith("Return-Path: <>\r\n"), report);
    assert(report.includes("\r\nAction: failed\r\n"), report);
    assert(report.includes(`\r\nStatus: ${status}\r\n`), report);
  }
  await server.stop();
});

Deno.test("smtpd keeps mail until DNS knows where to send it", async () => {
  await using net = await network({
    "broken.test": "SERVFAIL",
    "silent.test": "silence",
  });
  await using folder = await mailFolder();
  await using server = await startIn(net, folder.mailDir);
  await sendTo(server, "broken.test", "silent.test");
  for (const domain of ["broken.test", "silent.test"]) {
    const [line = ""] = await server.logged(
      `to=vasya@${domain} host="" reply="451 4.4.3 `,
    );
    assert(line.includes("message deferred"), line);
  }
  assertEquals(recipients(net.ipv4), []);
  net.zone["broken.test"] = { MX: [[10, "mx4.test"]] };
  net.zone["silent.test"] = { MX: [[10, "mx4.test"]] };
  await net.ipv4.took(2);
  const { code } = await server.stop();
  assertEquals(code, 0);
  assertEquals(recipients(net.ipv4), [
    "vasya@broken.test",
    "vasya@silent.test",
  ]);
  assertEquals(mailsOf(folder.mailDir, "petya"), []);
});
