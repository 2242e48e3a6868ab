import { clientSides } from "./dialogues.ts";
import { fuzzer } from "./fuzz.ts";

/** The same tries each time; `deno task fuzz` makes others. */
const SEED = 2015_04_19;
const TRIES = 3_000;

// Read here, where reading is allowed: the test itself may do nothing but compute.
const fuzz = fuzzer(clientSides());

Deno.test(
  `nothing that a client sends does harm (${TRIES} tries from ${SEED})`,
  {
    permissions: "none",
  },
  () => {
    for (let seed = SEED; seed < SEED + TRIES; seed++) fuzz(seed);
  },
);
