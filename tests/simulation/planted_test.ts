/** The simulation bites: it finds each of these faults, planted into the program one at a time. */
import { assert } from "@std/assert";
import { type Plant, PLANTS } from "./plants.ts";
import { simulate } from "./simulation.ts";

/** Stories in which a fault must show. */
const SEEDS = 100;

for (const [name, plant] of Object.entries(PLANTS)) {
  Deno.test(`simulate() finds a program that ${name}`, async () => {
    assert(await isFound(plant));
  });
}

async function isFound(plant: Plant): Promise<boolean> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { faults } = await simulate(seed, { plant });
    if (faults.some((fault) => plant.symptom.test(fault))) return true;
  }
  return false;
}
