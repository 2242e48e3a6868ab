import type { Fate, Submission } from "./ledger.ts";
import type { Letter } from "./letters.ts";
import { Talk } from "./talk.ts";
import type { World } from "./world.ts";

/** What a client has to know. */
export interface ClientOptions {
  readonly world: World;
  /** Connects to the program; `undefined` when it isn't there. */
  readonly connect: () => Talk | undefined;
  /** Writes the letter of the given number, or writes it anew: each try is another letter. */
  readonly write: (number: number) => Letter;
  /** How many letters there are to send. */
  readonly letters: number;
  /** How often one is tried. */
  readonly tries: number;
  readonly submitted: (submission: Submission) => void;
  /** Something that should never be answered. */
  readonly complain: (fault: string) => void;
}

/** Plays a client that sends some letters, one after another, over as few connections as it can. */
export async function playClient(options: ClientOptions): Promise<void> {
  const { world, connect, submitted } = options;
  let talk: Talk | undefined;
  for (let number = 0; number < options.letters; number++) {
    for (let tries = options.tries; tries > 0; tries--) {
      talk ??= connect();
      if (talk === undefined) {
        await world.pause(world.between(1000, 60_000));
        continue;
      }
      const letter = options.write(number);
      const sending = new Sending(talk, letter, options);
      const fate = await sending.run();
      submitted({ letter, accepted: sending.accepted, fate });
      if (!sending.isIntact || world.chance.chance(0.2)) {
        talk.close();
        talk = undefined;
      }
      if (fate === "accepted") break;
      await world.pause(world.between(0, 30_000));
    }
  }
  if (talk && world.chance.chance(0.7)) {
    await talk.say("QUIT\r\n");
    await talk.hear("\r\n");
  }
  talk?.close();
}

/** A reply's code, and its text with the line ends. */
interface Reply {
  readonly code: number;
  readonly text: string;
}

/** Thrown when the connection is lost. */
const LOST = new Error("lost");

/** One try to send a letter. */
class Sending {
  readonly #talk: Talk;
  readonly #letter: Letter;
  readonly #options: ClientOptions;
  readonly #world: World;
  #accepted: string[] = [];
  #isIntact = true;
  /** Where the letter ends among all that is said, once it is. */
  #end = Infinity;

  constructor(talk: Talk, letter: Letter, options: ClientOptions) {
    this.#talk = talk;
    this.#letter = letter;
    this.#options = options;
    this.#world = options.world;
  }

  get accepted(): readonly string[] {
    return this.#accepted;
  }

  /** Whether another letter can be sent over the connection. */
  get isIntact(): boolean {
    return this.#isIntact;
  }

  async run(): Promise<Fate> {
    try {
      const reply = await this.#send();
      if (reply.code === 421) this.#isIntact = false;
      return reply.code === 250 ? "accepted" : "refused";
    } catch (cause) {
      if (cause !== LOST) throw cause;
      this.#isIntact = false;
      return this.#talk.end.arrived >= this.#end ? "unanswered" : "cut short";
    }
  }

  /** The last reply. */
  async #send(): Promise<Reply> {
    const { chance } = this.#world;
    if (this.#talk.sent === 0) {
      const greeting = await this.#hear();
      if (greeting.code !== 220) return greeting;
    }
    await this.#say(`EHLO ${this.#letter.token}.client.example\r\n`);
    const hello = await this.#hear();
    if (hello.code !== 250) return hello;
    const pipelined = chance.chance(0.6);
    return chance.chance(0.4)
      ? await this.#sendInChunks(pipelined)
      : await this.#sendData(pipelined);
  }

  async #sendData(pipelined: boolean): Promise<Reply> {
    const goOn = await this.#envelope(pipelined, "DATA\r\n");
    if (goOn.code !== 354) return goOn;
    const stuffed = this.#letter.text.replace(/(^|\n)\./g, "$1..");
    await this.#sayLetter(`${stuffed}.\r\n`);
    return this.#judge(await this.#hear());
  }

  async #sendInChunks(pipelined: boolean): Promise<Reply> {
    const chunks = this.#chunks();
    if (pipelined) {
      const envelope = this.#commands().join("");
      await this.#sayLetter(chunks.join(""), envelope);
      await this.#hearEnvelope();
      const replies: Reply[] = [];
      for (const _ of chunks) replies.push(await this.#hear());
      return replies.find(({ code }) => code !== 250 && code !== 503) ??
        this.#judge(replies.at(-1)!);
    }
    const refusal = await this.#envelope(false, undefined);
    if (refusal.code !== 250) return refusal;
    for (const chunk of chunks.slice(0, -1)) {
      await this.#say(chunk);
      const reply = await this.#hear();
      if (reply.code !== 250) return reply;
    }
    await this.#sayLetter(chunks.at(-1)!);
    return this.#judge(await this.#hear());
  }

  #chunks(): readonly string[] {
    const { text } = this.#letter;
    const chunks: string[] = [];
    let at = 0;
    while (chunks.length < 5 && this.#world.chance.chance(0.5)) {
      const length = this.#world.between(0, text.length - at);
      chunks.push(`BDAT ${length}\r\n${text.slice(at, at + length)}`);
      at += length;
    }
    const rest = text.slice(at);
    return [...chunks, `BDAT ${rest.length} LAST\r\n${rest}`];
  }

  /** Says who sends what to whom, and `last`; returns the reply to that, or to what was refused. */
  async #envelope(
    pipelined: boolean,
    last: string | undefined,
  ): Promise<Reply> {
    if (pipelined) {
      await this.#say([...this.#commands(), last].join(""));
      await this.#hearEnvelope();
      return await this.#hear();
    }
    const [mail, ...recipients] = this.#commands();
    await this.#say(mail!);
    let reply = await this.#hear();
    if (reply.code !== 250) return reply;
    for (const [at, command] of recipients.entries()) {
      await this.#say(command);
      this.#heardOfRecipient(at, reply = await this.#hear());
    }
    if (this.#accepted.length === 0) {
      // Nobody was accepted: the transaction has to be given up.
      await this.#say("RSET\r\n");
      await this.#hear();
      return reply;
    }
    if (last === undefined) return { code: 250, text: "" };
    await this.#say(last);
    return await this.#hear();
  }

  async #hearEnvelope(): Promise<void> {
    await this.#hear();
    for (const at of this.#letter.recipients.keys()) {
      this.#heardOfRecipient(at, await this.#hear());
    }
  }

  #heardOfRecipient(at: number, { code, text }: Reply): void {
    const { address } = this.#letter.recipients[at]!;
    if (code === 250) this.#accepted.push(address);
    else if (code >= 500 && code !== 503) {
      this.#options.complain(`recipient ${address} was refused: ${text}`);
    }
  }

  /** A letter that was let through so far is refused for now at most. */
  #judge(reply: Reply): Reply {
    if (reply.code >= 500 && this.#accepted.length > 0) {
      const { token } = this.#letter;
      this.#options.complain(`letter ${token} was refused: ${reply.text}`);
    }
    return reply;
  }

  #commands(): readonly string[] {
    const { token, from, recipients, eightBit, notify, text } = this.#letter;
    const parameters = [
      ...eightBit ? ["BODY=8BITMIME"] : [],
      ...text.length % 2 ? [`SIZE=${text.length}`] : [],
      ...notify ? [`ENVID=${token}`, "RET=HDRS"] : [],
    ];
    return [
      `MAIL FROM:<${from}>${parameters.map((it) => ` ${it}`).join("")}\r\n`,
      ...recipients.map(({ address }) =>
        `RCPT TO:<${address}>${notify ? ` NOTIFY=${notify}` : ""}\r\n`
      ),
    ];
  }

  async #sayLetter(text: string, before = ""): Promise<void> {
    this.#end = this.#talk.sent + before.length + text.length;
    await this.#say(before + text);
  }

  async #say(text: string): Promise<void> {
    // What was answered before the connection broke may still be heard.
    await this.#talk.say(text);
    if (this.#world.chance.chance(0.1)) {
      await this.#world.pause(this.#world.between(0, 5000));
    }
  }

  async #hear(): Promise<Reply> {
    let text = "";
    for (;;) {
      const line = await this.#talk.hear("\r\n");
      if (line === undefined) throw LOST;
      text += line;
      if (line[3] !== "-") return { code: Number(line.slice(0, 3)), text };
    }
  }
}
