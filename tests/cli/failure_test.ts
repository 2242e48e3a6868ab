import { assert, assertEquals } from "@std/assert";
import { failureText } from "../../src/cli/failure.ts";

const LINE = { stack: false };

Deno.test("failureText() says what an expected failure says, in one line", () => {
  const error = new Error('Cannot open "a\n  b": no space');
  assertEquals(failureText(error, LINE), 'Cannot open "a b": no space');
});

Deno.test("failureText() names the flag of a permission that is missing, however deep", () => {
  const denied = new Deno.errors.NotCapable(
    'Requires write access to "mail", run again with the --allow-write flag',
  );
  const outer = new Error("Cannot store", {
    cause: new Error("Cannot write", { cause: denied }),
  });
  assertEquals(
    failureText(outer, LINE),
    'Requires write access to "mail": run again with --allow-write (smtpd check lists every flag)',
  );
});

Deno.test("failureText() puts the system's own errors into words", () => {
  const said = {
    "Is a directory (os error 21): readfile '/tmp'":
      'Cannot read "/tmp": is a directory',
    "Permission denied (os error 13): mkdir '/srv/o'brien/.smtpd'":
      'Cannot make folder "/srv/o\'brien/.smtpd": permission denied',
    "Permission denied (os error 13): stat '/srv/users'":
      'Cannot read "/srv/users": permission denied',
    "Permission denied (os error 13): readdir '/srv/mail'":
      'Cannot read "/srv/mail": permission denied',
    "No space left on device (os error 28): open '/srv/x'":
      'Cannot open "/srv/x": no space left on device',
    "Access is denied. (os error 5): remove 'C:\\mail\\x'":
      'Cannot remove "C:\\mail\\x": access is denied',
    "Permission denied (os error 13): rename '/a' -> '/b'":
      'Cannot rename "/a": permission denied',
    "No space left on device (os error 28)":
      "No space left on device (os error 28)",
  };
  for (const [message, text] of Object.entries(said)) {
    assertEquals(failureText(new Error(message), LINE), text);
  }
});

Deno.test("failureText() owns up to a bug", () => {
  for (
    const bug of [
      new TypeError("x is no function"),
      new RangeError("x is no function"),
    ]
  ) {
    assertEquals(
      failureText(bug, LINE),
      "Unexpected failure: x is no function (a bug; --log-level debug shows where)",
    );
  }
  assertEquals(failureText("x", LINE), "Unexpected failure: x");
});

Deno.test("failureText() adds where it came from when asked", () => {
  const text = failureText(new Error("Cannot go on"), { stack: true });
  assert(text.startsWith("Cannot go on\n"), text);
  assert(text.includes("failure_test.ts"), text);
});
