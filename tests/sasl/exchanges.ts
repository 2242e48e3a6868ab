import { encodeText } from "../../src/sasl/base64.ts";
import { saslServer } from "../../src/sasl/server.ts";
import type {
  SaslServerStep,
  ScramKeys,
} from "../../src/sasl/server_exchange.ts";
import { scramMeans } from "../../src/store/scram_means.ts";

/** What the world knows: a password, or keys, of everybody. */
export interface World {
  readonly password?: string;
  readonly keys?: ScramKeys;
  readonly nonce?: string;
}

/** A step as tests compare it: a challenge as its text, the end with its outcome. */
export type Told =
  | string
  | Extract<SaslServerStep, { readonly kind: "done" | "refused" }>;

/**
 * Plays an exchange and tells what the server says. The client's messages are texts or, as a list
 * of one, what goes over the line as it is; `undefined` is AUTH without an initial response.
 */
export function play(
  mechanism: string,
  messages: readonly (string | readonly [string] | undefined)[],
  world: World = {},
): readonly Told[] {
  const [initial, ...responses] = messages.map(onTheLine);
  const means = {
    ...scramMeans,
    nonce: () => world.nonce ?? "3rfcNHYJY1ZVvWVs7j",
  };
  let step = settle(saslServer(mechanism, initial, means), world);
  const told = [toldOf(step)];
  for (const response of responses) {
    if (step.kind !== "challenge") throw new Error(`It is over: ${step.kind}`);
    step = settle(step.respond(response!), world);
    told.push(toldOf(step));
  }
  return told;
}

/** A message as it goes over the line. */
function onTheLine(
  message: string | readonly [string] | undefined,
): string | undefined {
  if (typeof message !== "string") return message?.[0];
  return encodeText(message);
}

/** The next step that is the client's, or the end. */
function settle(step: SaslServerStep, world: World): SaslServerStep {
  switch (step.kind) {
    case "password":
      return settle(step.checked(step.password === world.password), world);
    case "keys":
      if (!world.keys) throw new Error(`No keys of ${step.name}`);
      return settle(step.found(world.keys), world);
    default:
      return step;
  }
}

function toldOf(step: SaslServerStep): Told {
  switch (step.kind) {
    case "challenge":
      return new TextDecoder().decode(Uint8Array.fromBase64(step.challenge));
    case "done":
    case "refused":
      return step;
    default:
      throw new Error(`Not settled: ${step.kind}`);
  }
}
