/** What clients do all day: send mail of every kind, log in, and leave at the worst moments. */
import { assert } from "@std/assert";
import { PETYA } from "../e2e/provider.ts";
import { connect, dial, type SmtpClient } from "../e2e/smtp_client.ts";
import type { Random } from "../fuzz/random.ts";
import { scramClient } from "../sasl/scram_client.ts";

/** Where it goes. */
export interface Town {
  readonly port: number;
  readonly submissionPort: number;
  /** The certificate that the server shows, in PEM. */
  readonly certificate: string;
  readonly chance: Random;
  /** Told of each message before it is sent, by its mark: who was told that it was taken waits for it. */
  readonly sending: (mark: string) => { acknowledged(): void };
}

/** One thing that a client does, and how often among a hundred. */
interface Deed {
  readonly name: string;
  readonly share: number;
  readonly run: (town: Town) => Promise<void>;
}

const DEEDS: readonly Deed[] = [
  { name: "local", share: 40, run: (town) => plain(town, "petya@test.ru") },
  { name: "two", share: 5, run: (town) => plain(town, "masha@test.ru", 60) },
  { name: "large", share: 2, run: (town) => plain(town, "info@test.ru", 9000) },
  { name: "relay", share: 15, run: (town) => plain(town, "ok@elsewhere.test") },
  {
    name: "later",
    share: 5,
    run: (town) => plain(town, "later@elsewhere.test"),
  },
  { name: "cut", share: 3, run: (town) => plain(town, "cut@elsewhere.test") },
  {
    name: "bounce",
    share: 3,
    run: (town) => plain(town, "never@elsewhere.test"),
  },
  { name: "secure", share: 6, run: secure },
  { name: "login", share: 2, run: login },
  { name: "refused", share: 3, run: refused },
  { name: "leaving", share: 14, run: leave },
  { name: "handshake", share: 2, run: leaveHandshake },
];

/** The names of all deeds. */
export const DEED_NAMES: readonly string[] = DEEDS.map(({ name }) => name);

/** Does one, by its name or by chance; gives its name. */
export async function act(town: Town, name?: string): Promise<string> {
  const deed = DEEDS.find((each) => each.name === name) ?? pick(town.chance);
  await deed.run(town);
  return deed.name;
}

function pick(chance: Random): Deed {
  let left = chance.below(DEEDS.reduce((sum, { share }) => sum + share, 0));
  for (const deed of DEEDS) {
    left -= deed.share;
    if (left < 0) return deed;
  }
  throw new RangeError("Cannot pick: shares don't add up");
}

async function plain(town: Town, to: string, lines = 20): Promise<void> {
  using client = await connect(town.port);
  await client.say("EHLO client.test");
  await transact(client, town, { to, lines });
  await expect(client, "QUIT", "221");
}

/** The sender gets the reports. */
async function transact(
  client: SmtpClient,
  { sending }: Town,
  { to, lines = 20 }: { readonly to: string; readonly lines?: number },
): Promise<void> {
  const mark = crypto.randomUUID();
  const text = `X-Mark: ${mark}\r\n\r\n${"some text\r\n..\r\n".repeat(lines)}`;
  await expect(client, `MAIL FROM:<${PETYA.address}>`, "250");
  await expect(client, `RCPT TO:<${to}>`, "250");
  await expect(client, "DATA", "354");
  const message = sending(mark);
  await client.send(text);
  await expect(client, ".", "250");
  message.acknowledged();
}

async function secure(town: Town): Promise<void> {
  using client = await connect(town.port);
  await startTls(client, town);
  await transact(client, town, { to: "petya@test.ru" });
  await expect(client, "QUIT", "221");
}

async function startTls(client: SmtpClient, town: Town): Promise<void> {
  await client.say("EHLO client.test");
  await expect(client, "STARTTLS", "220");
  await client.secure(town.certificate);
  await client.say("EHLO client.test");
}

/** Mostly by SCRAM, which costs the server little; a password now and then. */
async function login(town: Town): Promise<void> {
  using client = await connect(town.submissionPort);
  await startTls(client, town);
  if (town.chance.chance(0.1)) {
    const { address, password } = PETYA;
    const proof = btoa(`\0${address}\0${password}`);
    await expect(client, `AUTH PLAIN ${proof}`, "235");
  } else await scram(client);
  await transact(client, town, { to: "ok@elsewhere.test" });
  await expect(client, "QUIT", "221");
}

async function scram(client: SmtpClient): Promise<void> {
  const { address: name, password } = PETYA;
  const exchange = scramClient({ name, password });
  const first = await client.say(`AUTH SCRAM-SHA-256 ${btoa(exchange.first)}`);
  const last = await client.say(btoa(exchange.final(atob(first.slice(4)))));
  assert(exchange.trusts(atob(last.slice(4))), "not the server that it says");
  await expect(client, "", "235");
}

async function refused(town: Town): Promise<void> {
  using client = await connect(town.port);
  await client.say("EHLO client.test");
  await expect(client, "MAIL FROM:<a@b.test> SIZE=99999999999", "552");
  await expect(client, "NONSENSE", "500");
  await expect(client, `MAIL FROM:<${PETYA.address}>`, "250");
  await expect(client, "RCPT TO:<not an address>", "501");
  await expect(client, "RCPT TO:<nobody@test.ru>", "550");
  await expect(client, "QUIT", "221");
}

/** What is said before the connection is let go, in the middle or not. */
const STAGES: readonly string[] = [
  "",
  "EHL",
  "EHLO client.test\r\n",
  "EHLO client.test\r\nMAIL FROM:<a@b.test>\r\n",
  "EHLO client.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<petya@test.ru>\r\nDATA\r\n",
  "EHLO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<petya@test.ru>\r\nDATA\r\nhalf",
  "EHLO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<petya@test.ru>\r\nBDAT 9999\r\nhalf",
  "EHLO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<petya@test.ru>\r\nDATA\r\nlong\r\n" +
  "some text\r\n".repeat(20_000),
  "EHLO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<petya@test.ru>\r\nDATA\r\n.\r\n",
  "EHLO client.test\r\nSTARTTLS\r\n",
  "EHLO client.test\r\nSTARTTLS\r\nEHLO injected\r\n",
  "QUIT\r\n",
];

/** Leaves without a word, at any stage; sometimes before it has heard anything. */
async function leave({ port, chance }: Town): Promise<void> {
  using client = await dial(port);
  if (chance.chance(0.8)) await client.reply();
  // The server may have closed meanwhile, as it does after QUIT.
  await client.send(chance.pick(STAGES)).catch(() => {});
  await linger(chance);
}

/** Leaves in the middle of a handshake, or says something else. */
async function leaveHandshake(
  { submissionPort, chance }: Town,
): Promise<void> {
  using client = await connect(submissionPort);
  await client.say("EHLO client.test", "STARTTLS");
  await client.send(
    chance.pick(["\x16\x03\x01\x02\x00\x01", "EHLO\r\n", "\x16"]),
  );
  await linger(chance);
}

/** Lets the server get on with it for a moment, or not. */
async function linger(chance: Random): Promise<void> {
  const milliseconds = chance.pick([0, 5, 50]);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function expect(
  client: SmtpClient,
  line: string,
  code: string,
): Promise<void> {
  const reply = await client.say(line);
  if (!reply.startsWith(code)) throw new Error(`${line}: ${reply || "closed"}`);
}
