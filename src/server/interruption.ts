import type { Failed } from "../net/dial.ts";
import type { Interruption } from "../ports/time_limits.ts";

const REASONS: Readonly<Record<Interruption, string>> = {
  timeout: "it took too long",
  stop: "this server stops",
  room: "others need the room",
};

/** What was waited for in vain, as a failure with the reason in words for people. */
export function givenUp(why: Interruption): Failed {
  return { failed: REASONS[why] };
}
