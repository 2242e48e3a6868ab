import { assertEquals } from "@std/assert";
import { isDurable } from "./machine.ts";

Deno.test("isDurable() knows what is lost with the power", () => {
  assertEquals(isDurable({ fileSystem: "ext4 on /dev/vda" }), true);
  assertEquals(isDurable({ fileSystem: "tmpfs on tmpfs" }), false);
  assertEquals(isDurable({ fileSystem: "ramfs on none" }), false);
});
