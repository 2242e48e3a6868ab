import { createSocket } from "node:dgram";
import { once } from "node:events";
import { assertEquals, assertRejects } from "@std/assert";
import { askStatus, type Status } from "../../src/net/resolver_status.ts";

/** What is made of these octets as the answer, after the question's own ID. */
function askOf(answer: readonly number[]): Promise<Status> {
  return askServer((id) => [[...id, ...answer]]);
}

/** What is made of these messages, sent as answers to a question with the ID given. */
async function askServer(
  answers: (id: readonly number[]) => readonly (readonly number[])[],
): Promise<Status> {
  const server = createSocket("udp4");
  server.on("message", ([high, low], { port, address }) => {
    for (const answer of answers([high!, low!])) {
      server.send(Uint8Array.from(answer), port, address);
    }
  });
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await askStatus(
      { name: "a.test", type: "MX" },
      server.address(),
      AbortSignal.timeout(5_000),
    );
  } finally {
    server.close();
    await once(server, "close");
  }
}

const QUESTION = [1, 97, 4, 116, 101, 115, 116, 0, 0, 15, 0, 1]; // a.test MX IN
const COUNTS = [0, 1, 0, 0, 0, 0, 0, 0];

Deno.test("askStatus() reads the response code", async () => {
  const answer = (code: number) =>
    askOf([0x81, 0x80 | code, ...COUNTS, ...QUESTION]);
  assertEquals(await answer(0), { kind: "none" });
  assertEquals(await answer(3), { kind: "no domain" });
  assertEquals(await answer(4), {
    kind: "failed",
    why: "the DNS server answers NOTIMP",
  });
  assertEquals(await answer(9), {
    kind: "failed",
    why: "the DNS server answers code 9",
  });
});

Deno.test("askStatus() reads past an alias, with its name compressed", async () => {
  const alias = [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 14];
  const counts = [0, 1, 0, 1, 0, 0, 0, 0];
  const answer = [0x81, 0x80, ...counts, ...QUESTION, ...alias];
  assertEquals(await askOf(answer), { kind: "none" });
  const mx = [0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, 4, 0, 10, 0xc0, 14];
  assertEquals(
    await askOf([
      ...[0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0],
      ...[...QUESTION, ...alias, ...mx],
    ]),
    { kind: "failed", why: "the DNS server has just changed its answer" },
  );
});

Deno.test("askStatus() takes an answer that is cut off for records", async () => {
  assertEquals(await askOf([0x83, 0x80, ...COUNTS, ...QUESTION]), {
    kind: "failed",
    why: "the DNS server has just changed its answer",
  });
});

Deno.test("askStatus() takes no referral for a fact", async () => {
  assertEquals(await askOf([0x81, 0x00, ...COUNTS, ...QUESTION]), {
    kind: "failed",
    why: "the DNS server only knows its own domains",
  });
});

Deno.test("askStatus() passes over what is no answer to its question", async () => {
  const rest = [...COUNTS, ...QUESTION];
  const status = await askServer(([high, low]) => [
    [],
    [high!, low!],
    [high!, low! ^ 1, 0x81, 0x83, ...rest],
    [high!, low!, 0x01, 0x83, ...rest],
    [high!, low!, 0x81, 0x80, ...rest],
  ]);
  assertEquals(status, { kind: "none" });
});

Deno.test("askStatus() passes over what comes from another port", async () => {
  const stranger = createSocket("udp4");
  const server = createSocket("udp4");
  server.on("message", ([high, low], { port, address }) => {
    const answer = (code: number) =>
      Uint8Array.from([high!, low!, 0x81, code, ...COUNTS, ...QUESTION]);
    stranger.send(answer(0x83), port, address, () => {
      server.send(answer(0x80), port, address);
    });
  });
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  assertEquals(
    await askStatus(
      { name: "a.test", type: "MX" },
      server.address(),
      AbortSignal.timeout(5_000),
    ),
    { kind: "none" },
  );
  const closed = [once(stranger, "close"), once(server, "close")];
  stranger.close();
  server.close();
  await Promise.all(closed);
});

Deno.test("askStatus() throws on a message that ends too early", async () => {
  const counts = [0, 1, 0, 1, 0, 0, 0, 0];
  const alias = [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 14];
  const whole = [0x81, 0x80, ...counts, ...QUESTION, ...alias];
  assertEquals(await askOf(whole), { kind: "none" });
  for (let length = 10 + QUESTION.length; length < whole.length; length++) {
    await assertRejects(
      () => askOf(whole.slice(0, length)),
      SyntaxError,
      "Cannot read the answer: it ends too early",
    );
  }
});
