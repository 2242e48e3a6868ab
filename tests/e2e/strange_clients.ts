/** Clients from anywhere: what a trusted proxy on this machine says of them, by the PROXY protocol. */
import { HOST, mailFolder, type Program, start } from "./program.ts";
import { furnish } from "./provider.ts";
import { dial, type SmtpClient } from "./smtp_client.ts";

/** Keeps mail for test.ru, for clients that come by a proxy on this machine; none of them is ours. */
export const BEHIND_PROXY: readonly string[] = [
  ...["--domain", "test.ru", "--relay-from", "none", "--proxy-from", HOST],
];

/** A server behind a proxy, with a mail folder of its own and the users of a provider. */
export async function startBehindProxy(
  ...args: readonly string[]
): Promise<Program> {
  await using stack = new AsyncDisposableStack();
  const { mailDir } = stack.use(await mailFolder());
  await furnish(mailDir);
  const server = stack.use(await start(mailDir, ...BEHIND_PROXY, ...args));
  const started = stack.move();
  return { ...server, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

/** A stranger's address, of those that are nobody's (RFC 5737). */
export const STRANGER = "192.0.2.7";

/** What a proxy sends first of a client at an IP address. */
export function introduction(address: string): string {
  return address.includes(":")
    ? `PROXY TCP6 ${address} ::1 40000 25\r\n`
    : `PROXY TCP4 ${address} 127.0.0.1 40000 25\r\n`;
}

/** Connects as from an address, and leaves the greeting to be read. */
export async function dialFrom(
  address: string,
  port: number,
): Promise<SmtpClient> {
  using stack = new DisposableStack();
  const client = stack.use(await dial(port));
  await client.send(introduction(address));
  stack.move();
  return client;
}

/** Connects as from an address, and waits for the greeting. */
export async function connectFrom(
  address: string,
  port: number,
): Promise<SmtpClient> {
  const client = await dialFrom(address, port);
  await client.reply();
  return client;
}

/** What a client from an address is greeted with. */
export async function greetingFor(
  address: string,
  port: number,
): Promise<string> {
  using client = await dialFrom(address, port);
  return await client.reply();
}

/** What a client from an address hears to the last of some commands, EHLO before them. */
export async function sayFrom(
  address: string,
  port: number,
  ...commands: readonly string[]
): Promise<string> {
  using client = await connectFrom(address, port);
  return await client.say("EHLO client.test", ...commands);
}
