import { assert, assertEquals } from "@std/assert";
import { MEASURES } from "./measures.ts";
import { PEERS } from "./peers.ts";
import { smtpd } from "./peer_smtpd.ts";
import { isMail, neededFor, withMessages, WORKLOADS } from "./workloads.ts";

Deno.test("workloads and servers have names of their own that a flag can list", () => {
  for (const rows of [WORKLOADS, [smtpd, ...PEERS]]) {
    const names = rows.map(({ name }) => name);
    assertEquals(new Set(names).size, names.length);
    for (const name of names) assert(/^[a-z0-9-]+$/.test(name), name);
  }
});

Deno.test("our program can do every workload", () => {
  for (const { name, load } of WORKLOADS) {
    for (const need of neededFor(load)) {
      assert(smtpd.can.includes(need), `${name} needs ${need}`);
    }
  }
});

Deno.test("every measure is shown by a workload", () => {
  const shown = new Set(WORKLOADS.flatMap(({ shows }) => shows));
  assertEquals([...shown].sort(), Object.keys(MEASURES).sort());
});

Deno.test("smtp-source is given no load that only the generator can bear", () => {
  for (const { name, load } of WORKLOADS) {
    if (load.by === "smtp-source") {
      assertEquals(load.mail.sizes.length, 1, name);
    }
  }
});

Deno.test("withMessages() changes the number of messages and nothing else", () => {
  for (const load of WORKLOADS.map(({ load }) => load).filter(isMail)) {
    const changed = withMessages(load, 50);
    assertEquals(changed.mail.messages, 50);
    assertEquals(withMessages(changed, load.mail.messages), load);
  }
});
