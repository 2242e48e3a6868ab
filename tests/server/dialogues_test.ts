/**
 * The dialogues over a real socket: whatever way they are sent, what comes of them is what came of
 * the core alone.
 */
import { assertEquals } from "@std/assert";
import { tcpTransport, type Transport } from "../../src/net/transport.ts";
import type { Directory } from "../../src/policy/recipients.ts";
import { serveConnection } from "../../src/server/connection.ts";
import { playStrictly } from "../transcripts/play.ts";
import {
  parseTranscript,
  type Step,
  type Transcript,
  widen,
} from "../transcripts/transcript.ts";
import { fakeServices, MAIL_DOOR, TIMEOUT } from "./fakes.ts";

const FOLDER = new URL("../transcripts/", import.meta.url);

const dialogues = [...Deno.readDirSync(FOLDER)]
  .map(({ name }) => name).filter((name) => name.endsWith(".smtp")).sort()
  .map((name): [string, Transcript] => [
    name,
    parseTranscript(Deno.readTextFileSync(new URL(name, FOLDER))),
  ])
  .filter(([, transcript]) => isPlayable(transcript));

/** Whether the server, as it is, can come to say all that the file has it say. */
function isPlayable({ config, secure, steps }: Transcript): boolean {
  const { tls, authRequired, mechanisms: { clear } } = config;
  return !tls && !secure && !authRequired && clear.length === 0 &&
    steps.every(({ kind }) => kind !== "answer");
}

/** A way to send what stands between two events. */
interface Way {
  readonly name: string;
  /** Cuts a dialogue's octets into what is written at once. */
  readonly cut: (steps: readonly Step[]) => readonly Step[];
}

const WAYS: readonly Way[] = [
  { name: "line by line", cut: (steps) => steps },
  { name: "all at once", cut: joinClient },
  { name: "in pieces of 5", cut: (steps) => joinClient(steps).flatMap(split) },
];

for (const [name, transcript] of dialogues) {
  for (const way of transcript.pipelining === "yes" ? WAYS : WAYS.slice(0, 1)) {
    Deno.test(`serveConnection() plays ${name} ${way.name}`, async () => {
      const { output, messages, record } = playStrictly(transcript);
      assertEquals(await play(transcript, way), {
        output,
        messages: messages.filter((message) => message !== "(discarded)"),
        record,
      });
    });
  }
}

/** Plays a dialogue over 127.0.0.1; octets are sent once the server took those before. */
async function play({ config, steps }: Transcript, { cut }: Way) {
  const services = await fakeServices({
    config,
    visits: { directory: everybody },
    nextId: () => "ID",
    // All have the same ID, so none can have a file.
    memoryLimit: config.maxSize + 1000,
  });
  await using connection = await connect();
  const { client, server } = connection;
  const output = readAll(client);
  const served = serveConnection(server.transport, MAIL_DOOR, services);
  let sent = 0;
  await server.waitsAfter(sent);
  for (const step of cut(steps)) {
    if (server.closed) break;
    if (step.kind === "client") {
      await client.write(step.bytes);
      sent += step.bytes.length;
    } else if (step.kind === "event" && step.event === "timeout") {
      await services.clock.advance(TIMEOUT + 1000);
    } else if (step.kind === "event" && step.event === "shutdown") {
      services.timeLimits.stop();
      services.timeLimits.hurry();
    }
    await server.waitsAfter(sent);
  }
  if (!server.closed) await client.closeWrite();
  await served;
  return {
    output: await output,
    messages: services.queued.map(({ content }) =>
      withoutTrace(content.kind === "bytes" ? widen(content.bytes) : "")
    ),
    record: services.record.slice(1, -1),
  };
}

/** As `decide` has it: all are known everywhere but `nobody…`. */
const everybody: Directory = {
  isOurs: () => true,
  resolve: (mailbox) =>
    Promise.resolve(
      mailbox.local.toLowerCase().startsWith("nobody")
        ? { kind: "unknown" }
        : { kind: "mailboxes", mailboxes: [mailbox] },
    ),
};

/** A connection over 127.0.0.1, and what can be seen of its server's end. */
async function connect() {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [client, conn] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port }),
    listener.accept(),
  ]);
  // Small pieces are to go out at once, not with the next.
  client.setNoDelay();
  const server = observed(tcpTransport(conn));
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      client.close();
      await Promise.resolve(server.transport[Symbol.dispose]());
    },
  };
}

/** A transport, and a way to wait until the server waits. */
function observed(transport: Transport) {
  let received = 0;
  let reading = false;
  let closed = false;
  let changed = () => {};
  const change = () => changed();
  return {
    transport: {
      peer: transport.peer,
      local: transport.local,
      write: (bytes) => transport.write(bytes),
      async read(into) {
        reading = true;
        change();
        const count = await transport.read(into);
        reading = false;
        received += count ?? 0;
        return count;
      },
      [Symbol.dispose]() {
        transport[Symbol.dispose]();
        closed = true;
        change();
      },
    } satisfies Transport,
    get closed() {
      return closed;
    },
    /** Resolves when the server has taken so many octets and wants more, or has closed. */
    async waitsAfter(octets: number) {
      while (!closed && !(reading && received >= octets)) {
        await new Promise<void>((resolve) => changed = resolve);
      }
    },
  };
}

/** All that a connection brings, octets as UTF-16 units. */
async function readAll(conn: Deno.Conn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(4096);
  for (;;) {
    // A connection that is reset ends as well.
    const count = await conn.read(buffer).catch(() => null);
    if (count === null) return text;
    text += widen(buffer.subarray(0, count));
  }
}

/** What the client sends between two events becomes one piece. */
function joinClient(steps: readonly Step[]): readonly Step[] {
  const joined: Step[] = [];
  for (const step of steps) {
    const last = joined.at(-1);
    if (step.kind === "client" && last?.kind === "client") {
      const bytes = new Uint8Array([...last.bytes, ...step.bytes]);
      joined[joined.length - 1] = { kind: "client", bytes };
    } else if (step.kind === "client" || step.kind === "event") {
      joined.push(step);
    }
  }
  return joined;
}

function split(step: Step): readonly Step[] {
  if (step.kind !== "client") return [step];
  const pieces: Step[] = [];
  for (let at = 0; at < step.bytes.length; at += 5) {
    pieces.push({ kind: "client", bytes: step.bytes.slice(at, at + 5) });
  }
  return pieces;
}

/** A message without the field that we put on top, whose folded lines start with a tab. */
function withoutTrace(message: string): string {
  return message.replace(/^Received: .*\r\n(?:\t.*\r\n)*/, "");
}
