/**
 * SASL: whatever a client says, an exchange ends, and nobody is who they say but who proves it;
 * whatever a server says, our client answers in base64 or gives up.
 */
import { assert, assertEquals } from "@std/assert";
import { encodeText } from "../../src/sasl/base64.ts";
import { CLIENT_MECHANISMS, saslClient } from "../../src/sasl/client.ts";
import { saslServer, SERVER_MECHANISMS } from "../../src/sasl/server.ts";
import type {
  SaslServerStep,
  ScramKeys,
} from "../../src/sasl/server_exchange.ts";
import { scramMeans } from "../../src/store/scram_means.ts";
import { anyText, changed, repeat } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const NAME = "petya";
const SECRET = "secret";
const NONCE = "3rfcNHYJY1ZVvWVs7j";
const PIECES = [
  ...[
    "\0",
    ",",
    "=",
    "n,,",
    "y,,",
    "p=tls-unique,,",
    "n=petya",
    ",r=abc",
    "r=",
  ],
  ...["a=petya", ",a=", "c=biws", "p=", "petya", "secret", "=2C", "=3D", "=2X"],
  ...["m=x", ",x=1", "*", "", "ж", "\n", "v=", "i=4096", NONCE, "AAAA", "!"],
];

const { hmac, sha256 } = scramMeans;
/** Which needn't be made of the password: the server never sees that. */
const CLIENT_KEY = hmac(octetsOf(SECRET), octetsOf("Client Key"));
const STORED_KEY = sha256(CLIENT_KEY);
const KEYS: ScramKeys = {
  salt: new Uint8Array(16),
  iterations: 4096,
  storedKey: STORED_KEY,
  serverKey: hmac(octetsOf(SECRET), octetsOf("Server Key")),
};

/** One try. */
export function sasl(seed: number): void {
  const chance = random(seed);
  const circumstances = {
    mechanism: chance.pick(SERVER_MECHANISMS),
    identity: chance.pick(["", "", "Petya", "vasya"]),
    malice: chance.pick([0, 0.1, 0.5]),
  };
  const exchange = play(circumstances, chance);
  showing(
    { ...circumstances, ...exchange },
    () => judge(circumstances, exchange),
  );
  checkClient(chance);
}

/** How an exchange goes. */
interface Circumstances {
  readonly mechanism: string;
  /** Whom the client wants to act for. */
  readonly identity: string;
  /** How likely it is, each time, that it says something else. */
  readonly malice: number;
}

/** What came of an exchange. */
interface Exchange {
  /** What the client said, decoded; what is none in base64 as it was. */
  readonly said: readonly string[];
  readonly heard: readonly string[];
  readonly end: SaslServerStep;
}

function play(
  { mechanism, identity, malice }: Circumstances,
  chance: Random,
): Exchange {
  const said: string[] = [];
  const heard: string[] = [];
  const speak = (): string => {
    const honest = honestly(mechanism, { identity, said, heard });
    const message = chance.chance(malice)
      ? chance.pick([changed(chance, honest, PIECES), anyMessage(chance)])
      : honest;
    const line = chance.chance(malice / 5)
      ? changed(chance, encodeText(message), PIECES)
      : encodeText(message);
    said.push(decodedOr(line));
    return line;
  };
  const initial = chance.chance(0.5) ? speak() : undefined;
  let step = saslServer(mechanism, initial, {
    ...scramMeans,
    nonce: () => NONCE,
  });
  for (let steps = 0; steps < 8; steps++) {
    switch (step.kind) {
      case "challenge":
        heard.push(decode(step.challenge));
        step = step.respond(speak());
        break;
      case "password":
        assert(step.name !== "" && step.password !== "", "an empty one");
        step = step.checked(step.name === NAME && step.password === SECRET);
        break;
      case "keys":
        step = step.found(KEYS);
        break;
      case "done":
      case "refused":
        return { said, heard, end: step };
      default:
        step satisfies never;
    }
  }
  throw new Error("It doesn't end");
}

/** What an honest client says now. */
function honestly(
  mechanism: string,
  { identity, said, heard }: {
    readonly identity: string;
    readonly said: readonly string[];
    readonly heard: readonly string[];
  },
): string {
  switch (mechanism) {
    case "PLAIN":
      return `${identity}\0${NAME}\0${SECRET}`;
    case "LOGIN":
      return said.length === 0 ? NAME : SECRET;
    default: {
      const header = `n,${identity && `a=${identity}`},`;
      const bare = `n=${NAME},r=abc`;
      if (said.length === 0) return header + bare;
      if (said.length > 1) return "";
      const final = `c=${btoa(header)},r=abc${NONCE}`;
      return `${final},p=${proofOf(`${bare},${heard.at(-1)},${final}`)}`;
    }
  }
}

function judge(
  { mechanism, identity, malice }: Circumstances,
  { said, heard, end }: Exchange,
): void {
  const mayActFor = ["", NAME];
  if (malice === 0) {
    const own = mayActFor.includes(identity.toLowerCase()) ||
      mechanism === "LOGIN";
    assertEquals(end.kind, own ? "done" : "refused");
  }
  if (end.kind !== "done") return;
  assertEquals(end.name, NAME);
  switch (mechanism) {
    case "PLAIN": {
      const [whom = "", ...proof] = said.at(-1)!.split("\0");
      assert(mayActFor.includes(whom.toLowerCase()), whom);
      assertEquals(proof, [NAME, SECRET]);
      break;
    }
    case "LOGIN":
      assertEquals(said.slice(-2), [NAME, SECRET]);
      break;
    default: {
      const [first = "", final = "", last] = said;
      const [flag, whom = "", ...rest] = first.split(",");
      const [unproven = "", proof] = final.split(",p=");
      assert(mayActFor.includes(whom.replace("a=", "").toLowerCase()), whom);
      assert(unproven.startsWith(`c=${btoa(`${flag},${whom},`)},`), unproven);
      const bare = rest.join(",");
      assertEquals(proof, proofOf(`${bare},${heard.at(-2)},${unproven}`));
      assert(bare.startsWith(`n=${NAME},`), bare);
      assertEquals(last, "");
    }
  }
}

/** RFC 5802 §3. */
function proofOf(said: string): string {
  const signature = hmac(STORED_KEY, octetsOf(said));
  return CLIENT_KEY.map((octet, at) => octet ^ signature[at]!).toBase64();
}

function checkClient(chance: Random): void {
  const text = () => anyText(chance, 12).replaceAll("\0", "") || "x";
  const [user, password] = [text(), text()];
  const mechanism = chance.pick(CLIENT_MECHANISMS);
  const client = saslClient(mechanism, { user, password: () => password });
  const answered: string[] = [];
  for (let steps = 0; steps < 5; steps++) {
    const challenge = steps === 0 && chance.chance(0.5)
      ? undefined
      : anyMessage(chance);
    const answer = client(challenge);
    if ("cancel" in answer) {
      assert(!answer.cancel.includes(password) || password.length < 3);
      const all = answered.join("\0").split("\0").filter((each) => each !== "");
      assertEquals(all, [user.toWellFormed(), password.toWellFormed()]);
      return;
    }
    if (answer.response === undefined) continue;
    answered.push(decode(answer.response));
  }
  throw new Error("Our client doesn't end");
}

function anyMessage(chance: Random): string {
  return chance.chance(0.3)
    ? anyText(chance, 20)
    : repeat(chance, 8, () => chance.pick(PIECES));
}

function octetsOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The text of a line in base64, or else the line. */
function decodedOr(line: string): string {
  try {
    return decode(line);
  } catch {
    return line;
  }
}

function decode(base64: string): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
    .decode(Uint8Array.fromBase64(base64));
}
