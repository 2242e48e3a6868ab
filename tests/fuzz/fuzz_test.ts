import { assert } from "@std/assert";
import { outcomesOf } from "./client.ts";
import { PROPER } from "./hostile_server.ts";
import { tryOut } from "./target.ts";
// Read here, where reading is allowed: the tests themselves may do nothing but compute.
import { TARGETS } from "./targets.ts";

/** The same tries each time; `deno task fuzz` makes others. */
const SEED = 2015_04_19;

for (const target of TARGETS) {
  const { name, tries } = target;
  Deno.test({
    name: `fuzzing finds nothing in ${name} (${tries} tries from ${SEED})`,
    permissions: "none",
    fn: () => tryOut(target, { first: SEED, tries }),
  });
}

Deno.test({
  name: "fuzzing gets our client to deliver, to defer and to fail",
  permissions: "none",
  fn() {
    const seen = new Set<string>();
    for (let seed = 0; seed < 1_000; seed++) {
      for (const { status, at } of outcomesOf(seed)) {
        seen.add(status);
        seen.add(at);
      }
    }
    const steps = Object.keys(PROPER).filter((step) =>
      step !== "quit" && step !== "reset"
    );
    for (const what of ["delivered", "deferred", "failed", ...steps]) {
      assert(seen.has(what), what);
    }
  },
});
