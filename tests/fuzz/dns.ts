/** What DNS servers answer: a status, or a clear error, whatever the octets. */
import { assert, assertEquals } from "@std/assert";
import { readStatus } from "../../src/net/resolver_status.ts";
import { anyOctets, changedOctets } from "./making.ts";
import { type Random, random } from "./random.ts";
import { showing } from "./target.ts";

const QUESTION = [1, 97, 4, 116, 101, 115, 116, 0, 0, 15, 0, 1]; // a.test MX IN
const MX = 15;

/** One try. */
export function dns(seed: number): void {
  const chance = random(seed);
  const { octets, types } = anyAnswer(chance);
  showing(octets.toHex(), () => {
    const { kind } = readStatus(octets, { type: "MX" });
    assertEquals(kind, types.includes(MX) ? "failed" : "none");
  });
  const damaged = chance.chance(0.2)
    ? Uint8Array.from([...header(chance.below(9)), ...anyOctets(chance, 60)])
    : changedOctets(chance, octets);
  showing(damaged.toHex(), () => checkDamaged(damaged));
}

function checkDamaged(octets: Uint8Array): void {
  // What has no header isn't taken for an answer.
  if (octets.length < 12) return;
  try {
    const { kind } = readStatus(octets, { type: "MX" });
    assert(["none", "no domain", "failed"].includes(kind), kind);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
}

function anyAnswer(
  chance: Random,
): { readonly octets: Uint8Array; readonly types: readonly number[] } {
  const types = Array.from(
    { length: chance.below(4) },
    () => chance.pick([1, 5, 28, MX]),
  );
  const records = types.flatMap((type) => {
    const data = [...anyOctets(chance, 20)];
    const name = chance.pick([[0xc0, 12], QUESTION.slice(0, 8), [0]]);
    return [...name, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length, ...data];
  });
  return {
    octets: Uint8Array.from([...header(types.length), ...QUESTION, ...records]),
    types,
  };
}

/** Of an answer that says yes, to one question, with so many records. */
function header(records: number): readonly number[] {
  return [0, 0, 0x81, 0x80, 0, 1, 0, records, 0, 0, 0, 0];
}
