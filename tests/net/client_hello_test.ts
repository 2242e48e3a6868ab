import { assert, assertEquals } from "@std/assert";
import { readClientHello } from "../../src/net/client_hello.ts";
import { random } from "../fuzz/random.ts";
import {
  extension,
  hello,
  modernHello,
  records,
  serverName,
  SSL_2_HELLO,
  supportedVersions,
} from "./hellos.ts";

const TLS_1_1 = 0x0302;
const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;
/** RFC 8701 §2: a version that is none, for servers to pass over. */
const GREASE = 0x0a0a;

Deno.test("readClientHello() reads the hello of a real client", async () => {
  assertEquals(readClientHello(await modernHello("MX.test.ru")), {
    serverName: "mx.test.ru",
    modern: true,
  });
  assertEquals(readClientHello(await modernHello("127.0.0.1")), {
    serverName: undefined,
    modern: true,
  });
});

Deno.test("readClientHello() waits for the whole hello, however it is cut", async () => {
  const real = await modernHello("mx.test.ru");
  const expected = { serverName: "mx.test.ru", modern: true };
  for (const size of [1, 2, 3, 7, 64, 16_384]) {
    const cut = records(real.subarray(5), size);
    for (let length = 0; length < cut.length; length++) {
      assertEquals(readClientHello(cut.subarray(0, length)), "incomplete");
    }
    assertEquals(readClientHello(cut), expected);
    // What comes after it is for others to judge.
    assertEquals(readClientHello(Uint8Array.from([...cut, 9, 9])), expected);
  }
});

for (
  const [what, extensions, expected] of [
    ["a name", [serverName("a.test")], "a.test"],
    ["a name in capitals", [serverName("MX.Test")], "mx.test"],
    ["one after others", [
      extension(13, [0, 2, 4, 3]),
      extension(23, []),
      serverName("a"),
    ], "a"],
    ["no name", [extension(23, [])], undefined],
    ["an empty name", [serverName("")], undefined],
    ["another kind of name", [serverName("a.test", 1)], undefined],
    ["a line break for a name", [serverName("a\r\nb")], undefined],
    ["a name with a NUL", [serverName("a\0b")], undefined],
    ["a name that isn't ASCII", [serverName("почта.рф")], undefined],
    ["the longest name", [serverName("a".repeat(255))], "a".repeat(255)],
    ["a longer name", [serverName("a".repeat(256))], undefined],
  ] as const
) {
  Deno.test(`readClientHello() reads ${what}`, () => {
    assertEquals(readClientHello(hello({ extensions })), {
      serverName: expected,
      modern: true,
    });
  });
}

for (
  const [what, octets, modern] of [
    ["SSL 3", hello({ version: 0x0300 }), false],
    ["TLS 1.0", hello({ version: 0x0301 }), false],
    ["TLS 1.1", hello({ version: TLS_1_1, extensions: [] }), false],
    ["TLS 1.2", hello(), true],
    ["TLS 1.3", hello({ extensions: [supportedVersions(TLS_1_3)] }), true],
    [
      "TLS 1.2 among versions",
      hello({ extensions: [supportedVersions(GREASE, TLS_1_2, TLS_1_1)] }),
      true,
    ],
    [
      "only a version that is none",
      hello({ extensions: [supportedVersions(GREASE)] }),
      false,
    ],
    [
      "only old versions",
      hello({ extensions: [supportedVersions(TLS_1_1, 0x0301)] }),
      false,
    ],
  ] as const
) {
  Deno.test(`readClientHello() knows whether a client of ${what} is modern`, () => {
    assertEquals(readClientHello(octets), { serverName: undefined, modern });
  });
}

const bytes = (words: string) => new TextEncoder().encode(words);

for (
  const [what, octets] of [
    ["a command", bytes("EHLO mx.test.ru\r\n")],
    ["a request", bytes("GET / HTTP/1.1\r\n")],
    ["SSL 2", SSL_2_HELLO],
    ["zeros", new Uint8Array(1000)],
    ["an alert", Uint8Array.of(21, 3, 1, 0, 2, 2, 40)],
    ["data", Uint8Array.of(23, 3, 3, 0, 1, 7)],
    ["a record of another protocol", Uint8Array.of(22, 4)],
    ["an empty record", Uint8Array.of(22, 3, 1, 0, 0)],
    ["a record that is too long", Uint8Array.of(22, 3, 1, 0x40, 1)],
    ["a server's hello", Uint8Array.of(22, 3, 1, 0, 1, 2)],
    [
      "something else within the hello",
      Uint8Array.of(22, 3, 1, 0, 1, 1, 23, 3),
    ],
    ["an empty hello", Uint8Array.of(22, 3, 1, 0, 4, 1, 0, 0, 0)],
    [
      "a list of versions that is too short",
      hello({ extensions: [extension(43, [4, 3, 4])] }),
    ],
    [
      "half a version",
      hello({ extensions: [extension(43, [3, 3, 4, 3])] }),
    ],
    [
      "a name that is too short",
      hello({ extensions: [extension(0, [0, 4, 0, 0, 2, 65])] }),
    ],
    [
      "an extension that is too short",
      hello({ extensions: [[0, 23, 0, 1]] }),
    ],
    ["a part of an extension", hello({ extensions: [[0]] })],
  ] as const
) {
  Deno.test(`readClientHello() refuses ${what}`, () => {
    assertEquals(readClientHello(octets), "nonsense");
  });
}

Deno.test("readClientHello() makes something of any octets", async () => {
  const { below } = random(8446);
  const real = await modernHello("mx.test.ru");
  const counts = { incomplete: 0, nonsense: 0, hello: 0 };
  for (let time = 0; time < 20_000; time++) {
    const octets = real.slice();
    for (let change = below(4); change >= 0; change--) {
      octets[below(octets.length)] = below(256);
    }
    const outcome = readClientHello(octets);
    counts[typeof outcome === "string" ? outcome : "hello"]++;
    if (typeof outcome === "string") continue;
    assert(/^[a-z\d_.-]{1,255}$/.test(outcome.serverName ?? "-"));
  }
  assert(Math.min(...Object.values(counts)) > 100, JSON.stringify(counts));
});
