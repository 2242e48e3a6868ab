import { assertEquals, assertRejects } from "@std/assert";
import { openAliases } from "../../src/store/aliases.ts";
import { hastyClock } from "./hasty_clock.ts";
import { keptLog } from "./fixtures.ts";
import { type MemoryDisk, memoryDisk } from "./memory_disk.ts";

const PATH = "mail/.smtpd/aliases";

function open(disk: MemoryDisk) {
  return openAliases({ path: PATH, disk, clock: hastyClock(), log: keptLog() });
}

Deno.test("openAliases() reads what people write", async () => {
  const disk = memoryDisk();
  disk.put(
    PATH,
    `# ours
Sales@TEST.ru: petya@test.ru ,"odd, local: part"@Other.Test,Vasya@Other.Test
@Test.ru:petya@test.ru
root@[IPv6:::1] : petya@[192.0.2.1], petya@[192.0.2.1]
"#"@test.ru: petya@test.ru, "a #b"@test.ru, #c@test.ru # since May, see: "x
`,
  );
  const aliases = await open(disk);
  assertEquals(await aliases.list(), [
    {
      address: "sales@test.ru",
      targets: [
        { local: "petya", domain: "test.ru" },
        { local: "odd, local: part", domain: "other.test" },
        { local: "Vasya", domain: "other.test" },
      ],
    },
    { address: "@test.ru", targets: [{ local: "petya", domain: "test.ru" }] },
    {
      address: "root@[ipv6:::1]",
      targets: [{ local: "petya", domain: "[192.0.2.1]" }],
    },
    {
      address: "#@test.ru",
      targets: [
        { local: "petya", domain: "test.ru" },
        { local: "a #b", domain: "test.ru" },
        { local: "#c", domain: "test.ru" },
      ],
    },
  ]);
});

Deno.test("openAliases() says which line is malformed", async () => {
  const faults = {
    "# x\nsales": 'line 2: it is not of the form "address: target, target"',
    "sales: petya@test.ru": 'line 1: "sales" is not an address',
    "@: petya@test.ru": 'line 1: "@" is not an address',
    "sales@test.ru:": "line 1: what follows the colon",
    "sales@test.ru: petya@test.ru,": "line 1: what follows the colon",
    "sales@test.ru: petya@test.ru vasya@test.ru":
      "line 1: what follows the colon",
    "sales@test.ru: # nobody": "line 1: what follows the colon",
    "sales@test.ru: petya": 'line 1: "petya" is not an address',
    "sales@test.ru: @test.ru": 'line 1: "@test.ru" is not an address',
    "a@b: c@d\nA@B: e@f": "line 2: a@b has line 1 already",
  };
  for (const [text, message] of Object.entries(faults)) {
    const disk = memoryDisk();
    disk.put(PATH, text);
    await assertRejects(() => open(disk), Error, message);
  }
});

Deno.test("add() makes an alias and adds targets to it", async () => {
  const disk = memoryDisk();
  const aliases = await open(disk);
  await aliases.add("Sales@test.ru", ["petya@test.ru"]);
  await aliases.add("sales@test.ru", ['"a b"@Other.test', "petya@TEST.ru"]);
  await aliases.add("@test.ru", ["petya@test.ru"]);
  await aliases.add('"#"@test.ru', ["petya@test.ru"]);
  assertEquals(
    disk.text(PATH),
    `sales@test.ru: petya@test.ru, "a b"@other.test
@test.ru: petya@test.ru
"#"@test.ru: petya@test.ru
`,
  );
  assertEquals((await (await open(disk)).list()).length, 3);
});

Deno.test("remove() removes targets, or the alias with its last", async () => {
  const disk = memoryDisk();
  disk.put(PATH, "a@test.ru: b@test.ru, c@test.ru\nd@test.ru: e@test.ru\n");
  const aliases = await open(disk);
  await aliases.remove("A@test.ru", ["b@TEST.ru"]);
  assertEquals(disk.text(PATH), "a@test.ru: c@test.ru\nd@test.ru: e@test.ru\n");
  await aliases.remove("a@test.ru", ["c@test.ru"]);
  assertEquals(disk.text(PATH), "d@test.ru: e@test.ru\n");
  await aliases.remove("d@test.ru");
  assertEquals(disk.text(PATH), "");
});

Deno.test("openAliases() says what is wrong with a request", async () => {
  const disk = memoryDisk();
  disk.put(PATH, "a@test.ru: b@test.ru\n");
  const aliases = await open(disk);
  const faults: readonly [() => Promise<void>, string][] = [
    [
      () => aliases.add("a", ["b@test.ru"]),
      'Cannot use "a": it is not an address',
    ],
    [
      () => aliases.add("c@test.ru", ["b"]),
      'Cannot use "b": it is not an address',
    ],
    [
      () => aliases.add("c@test.ru", []),
      'Cannot add alias "c@test.ru": it has no target',
    ],
    [
      () => aliases.remove("c@test.ru"),
      'Cannot remove alias "c@test.ru": there is none',
    ],
    [
      () => aliases.remove("a@test.ru", ["c@test.ru"]),
      'Cannot remove "c@test.ru" from alias "a@test.ru": it is not among its targets',
    ],
  ];
  for (const [request, message] of faults) {
    await assertRejects(request, Error, message);
  }
  assertEquals(disk.text(PATH), "a@test.ru: b@test.ru\n");
});

Deno.test("add() refuses a loop", async () => {
  const disk = memoryDisk();
  disk.put(PATH, "a@test.ru: b@test.ru\nb@test.ru: c@test.ru, d@test.ru\n");
  const aliases = await open(disk);
  await assertRejects(
    () => aliases.add("d@test.ru", ["x@test.ru", "A@TEST.ru"]),
    Error,
    'Cannot add alias "d@test.ru": it leads to itself by way of "b@test.ru"',
  );
  await assertRejects(
    () => aliases.add("e@test.ru", ["E@test.ru"]),
    Error,
    'Cannot add alias "e@test.ru": it leads to itself',
  );
});

Deno.test("add() refuses a loop by way of a tag", async () => {
  const disk = memoryDisk();
  const text = "a@test.ru: b@test.ru\nb+y@test.ru: x@test.ru\n";
  disk.put(PATH, text);
  const aliases = await open(disk);
  await assertRejects(
    () => aliases.add("b@test.ru", ["A+x@test.ru"]),
    Error,
    'Cannot add alias "b@test.ru": it leads to itself by way of "a@test.ru"',
  );
  assertEquals(disk.text(PATH), text);
});

Deno.test("add() takes a tag that is an alias of its own", async () => {
  const disk = memoryDisk();
  disk.put(PATH, "a@test.ru: b@test.ru\na+x@test.ru: c@test.ru\n");
  const aliases = await open(disk);
  await aliases.add("b@test.ru", ["a+x@test.ru"]);
  assertEquals((await aliases.list()).at(-1), {
    address: "b@test.ru",
    targets: [{ local: "a+x", domain: "test.ru" }],
  });
});

Deno.test("add() takes an alias that keeps a copy for its own mailbox", async () => {
  const disk = memoryDisk();
  const aliases = await open(disk);
  await aliases.add("a@test.ru", ["a@test.ru", "b@test.ru"]);
  assertEquals(disk.text(PATH), "a@test.ru: a@test.ru, b@test.ru\n");
});
