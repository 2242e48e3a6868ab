/** What logging in must look like to the world, whatever the client sends. */
import { assert } from "@std/assert";
import type { ServerConfig } from "../../src/smtp/state.ts";
import type { Trace } from "../transcripts/play.ts";

/**
 * Looks at what was asked and answered in a session that STARTTLS didn't start over.
 *
 * @throws {Error} When a response belongs to no challenge, when a mechanism is asked for that isn't
 * offered, when somebody logs in twice, or sends mail without it where it is needed.
 */
export function assertLogins(
  { questions, answers }: Pick<Trace, "questions" | "answers">,
  { config, secure = false }: {
    readonly config: ServerConfig;
    readonly secure?: boolean;
  },
): void {
  const offered = config.mechanisms[secure ? "secure" : "clear"];
  let loggedIn = false;
  /** The mechanism that has just said something. */
  let challenged: string | undefined;
  for (const [index, question] of questions.entries()) {
    const [ask, mechanism] = question.split(" ", 2);
    if (ask === "auth") {
      assert(offered.includes(mechanism!), question);
      assert(!loggedIn, "a second login");
    }
    if (ask === "response") assert(challenged === mechanism, question);
    if (ask === "mail") assert(loggedIn || !config.authRequired, question);
    challenged = undefined;
    if (ask !== "auth" && ask !== "response") continue;
    const { code } = answers[index]!;
    if (code === 334) challenged = mechanism;
    loggedIn ||= code === 235;
  }
}
