/** A thread that says what it hears; of `throw` it dies. */
import { starterOf } from "../../src/system/thread.ts";

const starter = starterOf<unknown, unknown>({
  url: import.meta.url,
  name: "echo",
});
starter?.listen((what) => {
  if (what === "throw") throw new Error("as told");
  starter.say(what);
});
