import { assertEquals } from "@std/assert";
import { readOptions } from "./options.ts";

const NAMES = {
  workloads: ["delivered", "relayed", "start", "hour"],
  usual: ["delivered", "relayed", "start"],
  peers: ["postfix", "haraka"],
};

Deno.test("readOptions() runs all that is usual unless told otherwise", () => {
  assertEquals(readOptions([], NAMES), {
    rounds: 3,
    messages: undefined,
    only: NAMES.usual,
    peers: NAMES.peers,
    save: "tests/bench/load/latest.md",
  });
});

Deno.test("readOptions() takes names in the order of the table", () => {
  const args = ["--only", "start,delivered", "--peers=haraka"];
  const more = ["--rounds", "1", "--messages", "50", "--save", "a.md"];
  assertEquals(readOptions([...args, ...more], NAMES), {
    rounds: 1,
    messages: 50,
    only: ["delivered", "start"],
    peers: ["haraka"],
    save: "a.md",
  });
});

Deno.test("readOptions() takes what isn't usual when it is named", () => {
  const options = readOptions(["--only", "hour"], NAMES);
  assertEquals("only" in options && options.only, ["hour"]);
});

Deno.test("readOptions() can leave our program by itself", () => {
  const options = readOptions(["--peers", "none"], NAMES);
  assertEquals("peers" in options && options.peers, []);
});

Deno.test("readOptions() says all that is wrong", () => {
  const args = ["--rounds", "0", "--messages", "many", "--only", "relaid"];
  args.push("--peers", "exchange", "--save", "a.json", "--fast");
  assertEquals(readOptions(args, NAMES), {
    problems: [
      "--fast: unknown flag; smtpd --help lists those there are",
      "--rounds 0: give a whole number from 1",
      "--messages many: give a whole number from 1",
      "--only relaid: unknown; did you mean relayed?",
      "--peers exchange: unknown; one of postfix, haraka",
      "--save a.json: give a name that ends in .md",
    ],
  });
});
