/**
 * A DNS server small enough for tests: one zone, given as a literal, answered over UDP and TCP on
 * a loopback address (RFC 1035 §4).
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** What the server says instead of records. */
export type Fault =
  /** The name doesn't exist. */
  | "NXDOMAIN"
  /** The server could not find out. */
  | "SERVFAIL"
  /** The server won't say. */
  | "REFUSED"
  /** Nothing at all. */
  | "silence";

/** What the server knows of a name. A type that is missing has no records (NODATA). */
export interface Answers {
  /** Preferences and exchanges; the exchange `.` is the root, as in a null MX. */
  readonly MX?: readonly (readonly [number, string])[] | Fault;
  readonly A?: readonly string[] | Fault;
  readonly AAAA?: readonly string[] | Fault;
  /** The name this one is an alias of, whose records are sent along. */
  readonly CNAME?: string;
  /** Whether answers over UDP come cut off, so that the client must ask again over TCP. */
  readonly truncated?: boolean;
}

/** Names in lower case without a dot at the end. A name that is missing doesn't exist. */
export type Zone = Readonly<Record<string, Answers | Fault>>;

/** A running server. */
export interface DnsServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  /** Every question so far, in order: `MX foo.test`, or `MX foo.test over TCP`. */
  readonly questions: readonly string[];
  /** Stops the server. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a server on a free port of `address`, an IPv4 one. The zone is looked at anew for each
 * question, so that a test may change it meanwhile.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startDnsServer } from "./dns_server.ts";
 *
 * await using server = await startDnsServer({ "foo.test": { A: ["127.0.0.1"] } });
 * const nameServer = { ipAddr: server.address, port: server.port };
 * assertEquals(await Deno.resolveDns("foo.test.", "A", { nameServer }), ["127.0.0.1"]);
 * assertEquals(server.questions, ["A foo.test"]);
 * ```
 */
export async function startDnsServer(
  zone: Zone,
  address = "127.0.0.1",
): Promise<DnsServer> {
  const { listener, socket, port } = await listen(address);
  const questions: string[] = [];
  const connections = new Set<Deno.Conn>();
  socket.on("message", (message, { port, address }) => {
    const question = readQuestion(message);
    questions.push(`${question.type} ${question.name}`);
    const response = respond(zone, question, { overTcp: false });
    if (response !== undefined) socket.send(response, port, address);
  });
  const accepting = accept();

  return {
    address,
    port,
    questions,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of connections) connection.close();
      await accepting;
      socket.close();
      await once(socket, "close");
    },
  };

  async function accept(): Promise<void> {
    const serving: Promise<void>[] = [];
    for await (const connection of listener) serving.push(serve(connection));
    await Promise.all(serving);
  }

  async function serve(connection: Deno.Conn): Promise<void> {
    connections.add(connection);
    try {
      for (;;) {
        const [high, low] = await readExactly(connection, 2);
        const size = high! << 8 | low!;
        const question = readQuestion(await readExactly(connection, size));
        questions.push(`${question.type} ${question.name} over TCP`);
        const response = respond(zone, question, { overTcp: true });
        if (response === undefined) continue;
        await connection.write(
          Uint8Array.from([...uint16(response.length), ...response]),
        );
      }
    } catch {
      // The client left, or the server was stopped.
    }
    if (connections.delete(connection)) connection[Symbol.dispose]();
  }
}

/** A TCP listener and a UDP socket on the same port. */
async function listen(
  address: string,
): Promise<{ listener: Deno.Listener; socket: Socket; port: number }> {
  for (;;) {
    const listener = Deno.listen({ hostname: address, port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const socket = createSocket("udp4");
    try {
      socket.bind(port, address);
      await once(socket, "listening");
      return { listener, socket, port };
    } catch {
      listener.close(); // Someone has that port for UDP: take another.
    }
  }
}

async function readExactly(
  connection: Deno.Conn,
  size: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const read = await connection.read(bytes.subarray(at));
    if (read === null) throw new Error("Cannot read on: the client left");
    at += read;
  }
  return bytes;
}

interface Question {
  readonly id: readonly number[];
  readonly name: string;
  readonly type: string;
  /** The question as it came, to be sent back. */
  readonly section: readonly number[];
}

const TYPES = { A: 1, CNAME: 5, MX: 15, AAAA: 28 } as const;
const CODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;

/** Reads the one question of a message (RFC 1035 §4.1.2). */
function readQuestion(message: Uint8Array): Question {
  const labels: string[] = [];
  let at = 12;
  for (let size: number; (size = message[at]!) > 0; at += 1 + size) {
    const label = message.subarray(at + 1, at + 1 + size);
    labels.push(new TextDecoder().decode(label));
  }
  const number = message[at + 1]! << 8 | message[at + 2]!;
  const type = Object.entries(TYPES).find(([, known]) => known === number);
  return {
    id: [message[0]!, message[1]!],
    name: labels.join(".").toLowerCase(),
    type: type?.[0] ?? `TYPE${number}`,
    section: [...message.subarray(12, at + 5)],
  };
}

/** The answer as it goes on the wire; `undefined` for silence (RFC 1035 §4.1.1). */
function respond(
  zone: Zone,
  { id, name, type, section }: Question,
  { overTcp }: { overTcp: boolean },
): Uint8Array | undefined {
  const { records, fault } = find(zone, name, type);
  if (fault === "silence") return undefined;
  const known = zone[name];
  const cut = !overTcp && typeof known === "object" && known.truncated === true;
  const answers = cut ? [] : records;
  return Uint8Array.from([
    ...id,
    0x85 | (cut ? 0x02 : 0), // A response by an authority, recursion desired; cut off.
    0x80 | (fault === undefined ? 0 : CODES[fault]), // Recursion available.
    ...[...uint16(1), ...uint16(answers.length), 0, 0, 0, 0],
    ...section,
    ...answers.flat(),
  ]);
}

/** The records for a question, those of aliases before; and what is wrong at their end. */
function find(
  zone: Zone,
  name: string,
  type: string,
): { readonly records: readonly number[][]; readonly fault?: Fault } {
  const records: number[][] = [];
  for (let aliases = 0; aliases < 8; aliases++) {
    const known = zone[name] ?? "NXDOMAIN";
    if (typeof known === "string") return { records, fault: known };
    if (known.CNAME === undefined) {
      const found = dataOf(known, type);
      if (typeof found === "string") return { records, fault: found };
      for (const data of found) {
        records.push(record(name, type as keyof typeof TYPES, data));
      }
      break;
    }
    records.push(record(name, "CNAME", wireName(known.CNAME)));
    name = known.CNAME;
  }
  return { records };
}

function dataOf(
  { MX = [], A = [], AAAA = [] }: Answers,
  type: string,
): readonly number[][] | Fault {
  switch (type) {
    case "MX":
      return typeof MX === "string" ? MX : MX.map((
        [preference, exchange],
      ) => [...uint16(preference), ...wireName(exchange)]);
    case "A":
      return typeof A === "string"
        ? A
        : A.map((address) => address.split(".").map(Number));
    case "AAAA":
      return typeof AAAA === "string" ? AAAA : AAAA.map(wireIpv6);
    default:
      return [];
  }
}

/** RFC 1035 §4.1.3, to be kept for a minute. */
function record(
  name: string,
  type: keyof typeof TYPES,
  data: readonly number[],
): number[] {
  return [
    ...wireName(name),
    ...[...uint16(TYPES[type]), ...uint16(1), 0, 0, ...uint16(60)],
    ...[...uint16(data.length), ...data],
  ];
}

function wireName(name: string): number[] {
  const labels = name.split(".").filter((label) => label !== "");
  return [
    ...labels.flatMap((label) => [
      label.length,
      ...new TextEncoder().encode(label),
    ]),
    0,
  ];
}

function wireIpv6(address: string): number[] {
  const [head = [], tail = []] = address.split("::").map((half) =>
    half.split(":").filter((group) => group !== "")
  );
  const zeros = new Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].flatMap((group) =>
    uint16(parseInt(group, 16))
  );
}

function uint16(number: number): number[] {
  return [number >> 8, number & 0xff];
}
