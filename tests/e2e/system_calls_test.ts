import { assert, assertEquals } from "@std/assert";
import { parseId } from "../../src/queue/id.ts";
import { PAGE_SIZE } from "../../src/queue/sqlite/btree_page.ts";
import { acknowledgements, faultsOf, readTrace } from "./system_calls.ts";

const ID = "0AMA1CHQ4JA";
const STATE = "/mail/.smtpd";
const SPOOL = `${STATE}/spool/${ID}`;
const FILE = `1795419371.Q${ID}R0.test.ru`;
const MAILDIR = "/mail/test.ru/petya";

function hex(data: string | Uint8Array): string {
  const bytes = typeof data === "string"
    ? new TextEncoder().encode(data)
    : data;
  return `"${
    Array.from(bytes, (octet) => `\\x${octet.toString(16).padStart(2, "0")}`)
      .join("")
  }"`;
}

/** The leaf page that a table begins on, with one row or none. */
function page(key?: number): Uint8Array {
  const bytes = new Uint8Array(PAGE_SIZE);
  const view = new DataView(bytes.buffer);
  bytes[0] = 13;
  if (key === undefined) return bytes;
  view.setUint16(3, 1);
  view.setUint16(8, 100);
  // A record of no octets, and the key, 7 bits to an octet.
  bytes[100] = 0;
  const digits = [];
  for (let rest = key; rest > 0; rest = Math.floor(rest / 128)) {
    digits.unshift(rest % 128 + (digits.length > 0 ? 128 : 0));
  }
  bytes.set(digits, 101);
  return bytes;
}

function commit(key?: number): readonly string[] {
  const header = new Uint8Array(24);
  const view = new DataView(header.buffer);
  view.setUint32(0, 2);
  view.setUint32(4, 6);
  return [header, page(key)].map((bytes) =>
    `pwrite64(7<${STATE}/queue.db-wal>, ${hex(bytes)}, ${bytes.length}, 0)`
  );
}

const SYNC_LOG = `fsync(7<${STATE}/queue.db-wal>)`;
const ACKNOWLEDGED = `sendto(9<socket:[5]>, ${
  hex(`250 2.0.0 OK: queued as ${ID}\r\n`)
}, 37, MSG_NOSIGNAL, NULL, 0)`;

/** The way of a message, a call on each line, all of them in order. */
const WAY: readonly string[] = [
  `openat(AT_FDCWD</>, ${hex(SPOOL)}, O_WRONLY|O_CREAT|O_EXCL, 0600)`,
  `write(5<${SPOOL}>, ${hex("text")}, 4)`,
  `fdatasync(5<${SPOOL}>)`,
  `fsync(6<${STATE}/spool>)`,
  ...commit(parseId(ID)),
  SYNC_LOG,
  ACKNOWLEDGED,
  `openat(AT_FDCWD</>, ${hex(`${MAILDIR}/tmp/${FILE}`)}, O_WRONLY, 0600)`,
  `write(5<${MAILDIR}/tmp/${FILE}>, ${hex("text")}, 4)`,
  `fdatasync(5<${MAILDIR}/tmp/${FILE}>)`,
  `rename(${hex(`${MAILDIR}/tmp/${FILE}`)}, ${hex(`${MAILDIR}/new/${FILE}`)})`,
  `fsync(6<${MAILDIR}/new>)`,
  ...commit(),
  `${SYNC_LOG} `,
  `unlink(${hex(SPOOL)})`,
];

/** The way of a message that is delivered at once. */
const SHORT_WAY: readonly string[] = [
  ...WAY.slice(WAY.indexOf(ACKNOWLEDGED) + 1, WAY.indexOf(ACKNOWLEDGED) + 6),
  ACKNOWLEDGED,
];

function faultsIn(calls: readonly string[]): readonly string[] {
  const lines = calls.map((call) => `4242 ${call.trim()} = 0\n`);
  return faultsOf(readTrace(lines.join("")));
}

Deno.test("faultsOf() finds none where all is in order", () => {
  assertEquals(faultsIn(WAY), []);
  assertEquals(faultsIn(SHORT_WAY), []);
});

Deno.test("faultsOf() finds whatever is amiss with what is delivered at once", () => {
  for (const [at, call] of SHORT_WAY.entries()) {
    if (call === ACKNOWLEDGED) continue;
    assert(faultsIn(SHORT_WAY.toSpliced(at, 1)).length > 0, call);
    const swapped = SHORT_WAY.toSpliced(at, 2, SHORT_WAY[at + 1]!, call);
    assert(faultsIn(swapped).length > 0, call);
  }
});

Deno.test("faultsOf() finds any call that is missing", () => {
  for (const call of WAY) {
    // Without a file in the spool there is nothing to sync, and nobody was told of what isn't acknowledged.
    if (call === WAY[0] || call === ACKNOWLEDGED) continue;
    const others = WAY.filter((each) => each !== call);
    assert(faultsIn(others).length > 0, call.slice(0, 100));
  }
});

Deno.test("faultsOf() finds any two calls that change places", () => {
  for (let at = 1; at < WAY.length; at++) {
    // It is delivered as soon as it is durable, be that before or after the client hears of it.
    if (WAY[at - 1] === ACKNOWLEDGED) continue;
    const [first, second] = [WAY[at]!, WAY[at - 1]!];
    const way = WAY.toSpliced(at - 1, 2, first, second);
    assert(faultsIn(way).length > 0, first.slice(0, 100));
  }
});

Deno.test("faultsOf() finds a sync that began before the end of what it is to sync", () => {
  for (const [at, call] of WAY.entries()) {
    if (!/^f(?:data)?sync/.test(call)) continue;
    const [name] = call.split("(");
    const lines = WAY.flatMap((each, index) => {
      if (index === at - 1) {
        return [`1 ${call} <unfinished ...>`, `2 ${each} = 0`];
      }
      if (index === at) return [`1 <... ${name} resumed>) = 0`];
      return [`2 ${each} = 0`];
    }).map((line) => line.replace(") <unfinished", " <unfinished"));
    assert(faultsOf(readTrace(lines.join("\n"))).length > 0, call);
  }
});

Deno.test("readTrace() leaves out calls that failed, and knows paths in any spelling", () => {
  const calls = readTrace(
    [
      `7 openat(AT_FDCWD</>, ${
        hex("/a b")
      }, O_RDONLY) = -1 ENOENT (No such file)`,
      `7 openat(AT_FDCWD</>, ${hex("/a b")}, O_RDONLY) = 3</a b>`,
      `8 fsync(3<\\x2f\\x61>) = 0`,
      `8 +++ exited with 0 +++`,
    ].join("\n"),
  );
  assertEquals(calls.map(({ name, paths }) => [name, ...paths]), [
    ["openat", "/a b"],
    ["fsync", "/a"],
  ]);
  assertEquals(acknowledgements(calls), []);
});
