import type { Reception } from "./ledger.ts";
import type { End } from "./network.ts";
import type { Machine } from "./machine.ts";
import { Talk } from "./talk.ts";
import type { World } from "./world.ts";

/** A step of a session at which another server may misbehave. */
const STEPS = ["greeting", "hello", "mail", "rcpt", "data", "dot"] as const;
type Step = (typeof STEPS)[number];

const KINDS = [
  "refuses for now",
  "refuses for now",
  "refuses for good",
  "greylists",
  "shuts down",
  "stalls",
  "hangs up",
  "answers twice",
  "talks nonsense",
] as const;

/** How a server misbehaves, and where. */
interface Misbehaviour {
  readonly step: Step;
  readonly kind: (typeof KINDS)[number];
}

/** What a server's session has to know. */
export interface ServerOptions {
  readonly machine: Machine;
  /** The domain whose mail it takes. */
  readonly domain: string;
  /** The program's end of the connection. */
  readonly visitor: End;
  /** A message came whole. */
  readonly receive: (reception: Reception) => void;
  /** The server gives a reason to bounce mail. */
  readonly turnHostile: () => void;
}

/** Plays another mail server for one connection. */
export async function playServer(
  end: End,
  options: ServerOptions,
): Promise<void> {
  const talk = new Talk(options.machine.world, end, 20 * 60_000);
  await new ServerPlay(talk, options).run();
  talk.close();
}

/** Thrown to end a session. */
const OVER = new Error("over");

class ServerPlay {
  readonly #talk: Talk;
  readonly #options: ServerOptions;
  readonly #world: World;
  readonly #misbehaviour: Misbehaviour | undefined;
  readonly #extensions: readonly string[];
  #lied = false;
  #from: string | undefined;
  #begun = 0;
  #recipients: string[] = [];
  #text = "";

  constructor(talk: Talk, options: ServerOptions) {
    const { world, weather, counts } = options.machine;
    const { chance } = world;
    this.#talk = talk;
    this.#options = options;
    this.#world = world;
    if (chance.chance(weather.server)) {
      this.#misbehaviour = {
        step: chance.pick(STEPS),
        kind: chance.pick(KINDS),
      };
      counts.add(`server: ${this.#misbehaviour.kind}`);
    }
    const eightBit = weather.server === 0 || chance.chance(0.9);
    if (!eightBit) options.turnHostile();
    this.#extensions = [
      ...["PIPELINING", "SIZE", "DSN", "CHUNKING"]
        .filter(() => chance.chance(0.5)),
      ...eightBit ? ["8BITMIME"] : [],
    ];
  }

  async run(): Promise<void> {
    try {
      await this.#answer("greeting", "220 server.example ready");
      for (;;) {
        const line = await this.#talk.hear("\r\n") ?? over();
        await this.#obey(line.slice(0, -2));
      }
    } catch (cause) {
      if (cause !== OVER) throw cause;
    }
  }

  async #obey(line: string): Promise<void> {
    this.#world.tell(`${this.#options.domain} hears ${line}`);
    const [verb = ""] = line.toUpperCase().split(/[ :]/);
    switch (verb) {
      case "EHLO":
        return await this.#hello();
      case "HELO":
        await this.#say("250 hello");
        return;
      case "MAIL":
        this.#reset();
        this.#begun = this.#world.now;
        if (await this.#answer("mail", "250 ok")) {
          this.#from = /<(.*?)>/.exec(line)![1]!;
        }
        return;
      case "RCPT":
        if (this.#from === undefined) return await this.#say("503 MAIL first");
        if (await this.#answer("rcpt", "250 ok")) {
          this.#recipients.push(/<(.*?)>/.exec(line)![1]!);
        }
        return;
      case "DATA":
        return await this.#data();
      case "BDAT":
        return await this.#chunk(line);
      case "RSET":
        this.#reset();
        return await this.#say("250 ok");
      case "QUIT":
        await this.#say("221 bye");
        throw OVER;
      default:
        return await this.#say("500 what?");
    }
  }

  async #hello(): Promise<void> {
    const lines = ["server.example", ...this.#extensions];
    const reply = lines
      .map((text, at) => `250${at === lines.length - 1 ? " " : "-"}${text}`)
      .join("\r\n");
    await this.#answer("hello", reply);
  }

  async #data(): Promise<void> {
    if (this.#recipients.length === 0) return await this.#say("503 RCPT first");
    if (!await this.#answer("data", "354 go on")) return;
    const first = await this.#talk.take(3) ?? over();
    if (first === ".\r\n") return await this.#got("");
    const stuffed = first + (await this.#talk.hear("\r\n.\r\n") ?? over());
    const text = stuffed.slice(0, -3);
    await this.#got(text.replace(/^\./gm, ""));
  }

  async #chunk(line: string): Promise<void> {
    const [, size, last] = line.split(" ");
    this.#text += await this.#talk.take(Number(size)) ?? over();
    if (this.#recipients.length === 0) return await this.#say("503 RCPT first");
    if (last) await this.#got(this.#text);
    else await this.#say("250 go on");
  }

  async #got(text: string): Promise<void> {
    const { machine, domain, receive, visitor } = this.#options;
    const reception = {
      domain,
      from: this.#from!,
      recipients: this.#recipients,
      text,
      begun: this.#begun,
      at: this.#world.now,
    };
    this.#reset();
    const mood = this.#moodAt("dot");
    const taken = mood === undefined ||
      ["answers twice", "stalls", "hangs up"].includes(mood);
    let end = Infinity;
    const isHeard = () => visitor.taken >= end;
    const lied = this.#lied || mood === "answers twice" ||
      mood === "talks nonsense";
    receive({ ...reception, taken, isHeard, lied });
    machine.counts.add("messages sent on");
    this.#world.tell(`${domain} got a message for ${reception.recipients}`);
    if (mood === undefined) end = this.#talk.sent + "250 ok\r\n".length;
    await this.#answer("dot", "250 ok");
  }

  #reset(): void {
    this.#from = undefined;
    this.#recipients = [];
    this.#text = "";
  }

  #moodAt(step: Step): Misbehaviour["kind"] | undefined {
    return this.#misbehaviour?.step === step
      ? this.#misbehaviour.kind
      : undefined;
  }

  /** Answers in its mood; returns whether it was with `reply`. */
  async #answer(step: Step, reply: string): Promise<boolean> {
    const kind = this.#moodAt(step);
    switch (kind) {
      case undefined:
        await this.#say(reply);
        return true;
      case "refuses for now":
        await this.#say("451 4.3.0 not now");
        return false;
      case "greylists":
        await this.#say("451 4.7.1 greylisted");
        return false;
      case "refuses for good":
        this.#options.turnHostile();
        await this.#say("554 5.7.1 go away");
        return false;
      case "shuts down":
        await this.#say("421 4.3.2 closing");
        throw OVER;
      case "stalls":
        await this.#world.pause(15 * 60_000);
        throw OVER;
      case "hangs up":
        throw OVER;
      case "answers twice":
        this.#lied = true;
        this.#options.turnHostile();
        await this.#say(`${reply}\r\n${reply}`);
        return true;
      case "talks nonsense":
        this.#lied = true;
        this.#options.turnHostile();
        await this.#say("what is\r\n99 that");
        return false;
      default:
        return kind satisfies never;
    }
  }

  async #say(reply: string): Promise<void> {
    this.#world.tell(`${this.#options.domain} says ${reply}`);
    if (!await this.#talk.say(`${reply}\r\n`)) throw OVER;
  }
}

function over(): never {
  throw OVER;
}
