import { assert, assertEquals } from "@std/assert";
import type { ScramKeys } from "../../src/sasl/server_exchange.ts";
import {
  decoyKeys,
  hashForScram,
  readScramCredential,
} from "../../src/store/scram_credential.ts";
import { play, type Told } from "./exchanges.ts";
import { scramClient, type ScramClientOptions } from "./scram_client.ts";

const NONE = { permissions: "none" } as const;
const SCRAM = "SCRAM-SHA-256";
const MALFORMED: Told = { kind: "refused", why: "malformed" };
const WRONG: Told = { kind: "refused", why: "credentials" };
const FORBIDDEN: Told = { kind: "refused", why: "authorization" };

/** Keys of the password `pencil` with the salt of RFC 7677 §3. */
async function pencilKeys(): Promise<ScramKeys> {
  const salt = Uint8Array.fromBase64("W22ZaJ0SNY7soEsUEjb6gQ==");
  return readScramCredential(await hashForScram("pencil", salt, 4096))!;
}

const KEYS = await pencilKeys();

/** What RFC 7677 §3 has a client and a server say. */
const EXAMPLE = {
  clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
  nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
  serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," +
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  bare: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
  proof: ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

/** The end of the example when the client's last message is this. */
function endOfExample(clientFinal: string): Told | undefined {
  const { clientFirst, nonce } = EXAMPLE;
  return play(SCRAM, [clientFirst, clientFinal], { keys: KEYS, nonce }).at(-1);
}

/** Plays a client against the server to the end. */
function meet(options: Partial<ScramClientOptions>, keys = KEYS) {
  const client = scramClient({ name: "user", password: "pencil", ...options });
  const [serverFirst] = play(SCRAM, [client.first], { keys });
  if (typeof serverFirst !== "string") return { outcome: serverFirst };
  const messages = [client.first, client.final(serverFirst)];
  const serverFinal = play(SCRAM, messages, { keys }).at(-1);
  if (typeof serverFinal !== "string") return { outcome: serverFinal };
  return {
    trusted: client.trusts(serverFinal),
    outcome: play(SCRAM, [...messages, ""], { keys }).at(-1),
  };
}

Deno.test("SCRAM-SHA-256 goes as in RFC 7677 §3", NONE, () => {
  const { clientFirst, nonce, serverFirst, bare, proof, serverFinal } = EXAMPLE;
  const world = { keys: KEYS, nonce };
  const done: Told = { kind: "done", name: "user" };
  assertEquals(play(SCRAM, [clientFirst, bare + proof, ""], world), [
    serverFirst,
    serverFinal,
    done,
  ]);
  assertEquals(
    play(SCRAM, [undefined, clientFirst, bare + proof, ""], world),
    ["", serverFirst, serverFinal, done],
  );
});

Deno.test("SCRAM-SHA-256 agrees with a client written apart", NONE, () => {
  const cases: readonly [Partial<ScramClientOptions>, string][] = [
    [{}, "user"],
    [{ header: "y,," }, "user"],
    [{ header: "n,a=user," }, "user"],
    [{ header: "n,a=USER," }, "user"],
    [{ name: "петя@test.ru" }, "петя@test.ru"],
    [{ header: "n,a=петя,", name: "петя" }, "петя"],
    [{ name: "a=2Cb=3Dc" }, "a,b=c"],
    [{ name: "a=2cb=3dc" }, "a,b=c"],
    [{ name: "=3D2C" }, "=2C"],
    [{ nonce: "!~" }, "user"],
  ];
  for (const [options, name] of cases) {
    assertEquals(meet(options), {
      trusted: true,
      outcome: { kind: "done", name },
    });
  }
});

Deno.test("SCRAM-SHA-256 refuses a wrong password", NONE, () => {
  for (const password of ["", "Pencil", "pencil "]) {
    assertEquals(meet({ password }), { outcome: WRONG });
  }
});

Deno.test("SCRAM-SHA-256 refuses everybody by a decoy's keys", NONE, () => {
  const keys = decoyKeys("user", new Uint8Array(32));
  assertEquals(meet({}, keys), { outcome: WRONG });
});

Deno.test("SCRAM-SHA-256 lets everybody act for themselves only", NONE, () => {
  assertEquals(meet({ header: "n,a=admin," }), { outcome: FORBIDDEN });
  assertEquals(meet({ header: "n,a=user=2C," }), { outcome: FORBIDDEN });
});

Deno.test(
  "SCRAM-SHA-256 skips extensions, which the proof covers",
  NONE,
  () => {
    const first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO,x=1,Y=a=b";
    const [answer] = play(SCRAM, [first], { keys: KEYS });
    assert(typeof answer === "string" && answer.startsWith("r=rOprNGfw"));
    const { bare, proof } = EXAMPLE;
    assertEquals(endOfExample(`${bare},x=1${proof}`), WRONG);
  },
);

Deno.test("SCRAM-SHA-256 refuses what is not a first message", NONE, () => {
  const messages = {
    "nothing": "",
    "no header": "n=user,r=rOprNGfw",
    "half a header": "n,n=user,r=rOprNGfw",
    "a binding that cannot be had": "p=tls-exporter,,n=user,r=rOprNGfw",
    "a binding of no kind": "x,,n=user,r=rOprNGfw",
    "an empty identity": "n,a=,n=user,r=rOprNGfw",
    "a mandatory extension": "n,,m=x,n=user,r=rOprNGfw",
    "a mandatory extension behind": "n,,n=user,r=rOprNGfw,m=x",
    "no name": "n,,r=rOprNGfw",
    "an empty name": "n,,n=,r=rOprNGfw",
    "a name with a bare =": "n,,n=us=er,r=rOprNGfw",
    "a name with a half escape": "n,,n=user=2,r=rOprNGfw",
    "a name with NUL": "n,,n=us\0er,r=rOprNGfw",
    "no nonce": "n,,n=user",
    "an empty nonce": "n,,n=user,r=",
    "a nonce with a space": "n,,n=user,r=rOpr NGfw",
    "a nonce beyond ASCII": "n,,n=user,r=rOprNGfwя",
    "the wrong order": "n,,r=rOprNGfw,n=user",
    "a comma at the end": "n,,n=user,r=rOprNGfw,",
    "an extension without a name": "n,,n=user,r=rOprNGfw,=1",
    "an extension without a value": "n,,n=user,r=rOprNGfw,x=",
    "a line break at the end": "n,,n=user,r=rOprNGfw\n",
  };
  for (const [name, message] of Object.entries(messages)) {
    assertEquals(play(SCRAM, [message], { keys: KEYS }), [MALFORMED], name);
  }
});

Deno.test("SCRAM-SHA-256 refuses what is not the last message", NONE, () => {
  const { bare, proof } = EXAMPLE;
  assert(typeof endOfExample(bare + proof) === "string");
  const messages = {
    "nothing": "",
    "no proof": bare,
    "an empty proof": `${bare},p=`,
    "a proof too short": `${bare},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7An`,
    "a proof too long": `${bare},p=${"A".repeat(44)}`,
    "a proof without its padding": (bare + proof).slice(0, -1),
    "a proof with bits too many": `${bare}${proof.slice(0, -2)}R=`,
    "something behind the proof": `${bare}${proof},x=1`,
    "two proofs": `${bare}${proof}${proof}`,
    "a mandatory extension": `${bare},m=1${proof}`,
    "another's nonce": `c=biws,r=${"x".repeat(50)}${proof}`,
    "its own nonce alone": `c=biws,r=rOprNGfwEbeRWgbNEkqO${proof}`,
    "more than the nonce": `${bare}x${proof}`,
    "no binding": `${bare.slice("c=biws,".length)}${proof}`,
    "the binding of y": `${bare.replace("biws", btoa("y,,"))}${proof}`,
    "the binding of another identity": `${
      bare.replace("biws", btoa("n,a=x,"))
    }${proof}`,
    "the binding of a channel": `${
      bare.replace("biws", btoa("p=tls-exporter,,x"))
    }${proof}`,
  };
  for (const [name, message] of Object.entries(messages)) {
    assertEquals(endOfExample(message), MALFORMED, name);
  }
});

Deno.test("SCRAM-SHA-256 refuses a proof with any bit changed", NONE, () => {
  const proof = Uint8Array.fromBase64(EXAMPLE.proof.slice(3));
  for (let at = 0; at < proof.length; at++) {
    const changed = proof.with(at, proof[at]! ^ (1 << (at % 8)));
    const message = `${EXAMPLE.bare},p=${changed.toBase64()}`;
    assertEquals(endOfExample(message), WRONG);
  }
});

Deno.test(
  "SCRAM-SHA-256 takes nothing but silence after its own proof",
  NONE,
  () => {
    const { clientFirst, nonce, bare, proof } = EXAMPLE;
    for (const response of [["="], "x"] as const) {
      const messages = [clientFirst, bare + proof, response];
      const told = play(SCRAM, messages, { keys: KEYS, nonce });
      assertEquals(told.at(-1), MALFORMED);
    }
  },
);

Deno.test(
  "SCRAM-SHA-256 does not lose itself in long nonsense",
  NONE,
  () => {
    const long = 9_000;
    const messages = [
      "n,,n=" + "=2C".repeat(long / 3),
      "n,,n=user,r=a" + ",x=y".repeat(long / 4) + "\0",
      "n,a=" + "a".repeat(long),
      "n,,n=u,r=" + ",".repeat(long),
    ];
    for (const message of messages) {
      assertEquals(play(SCRAM, [message]), [MALFORMED]);
    }
  },
);
