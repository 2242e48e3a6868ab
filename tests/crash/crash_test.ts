/** A few of the kills that `deno task crash` makes as many of as is wanted. */
import { assert } from "@std/assert";
import { season } from "./season.ts";

/** Other moments are tried with another number here. */
const SEED = 2027;

for (const store of ["maildir", "mbox"] as const) {
  Deno.test({
    name: `smtpd keeps every promise though it is killed 4 times: ${store}`,
    // There, a signal to another process ends it at once.
    ignore: Deno.build.os === "windows",
    async fn() {
      const counts = await season({ rounds: 4, seed: SEED, store });
      assert(counts.acknowledged > 0 && counts.reports > 0);
    },
  });
}
