import { getServers } from "node:dns";
import { assertEquals } from "@std/assert";
import {
  nameServersIn,
  systemNameServers,
} from "../../src/net/resolver_servers.ts";

Deno.test("nameServersIn() reads what resolv.conf(5) allows", () => {
  const text = "; old\n#nameserver 192.0.2.1\nsearch a.test nameserver\n" +
    "nameserver\t192.0.2.2   # ours\noptions rotate\nnameserver fe80::1%eth0\n" +
    "nameservers 192.0.2.3\n";
  assertEquals(nameServersIn(text), ["192.0.2.2", "fe80::1%eth0"]);
  assertEquals(nameServersIn(""), []);
});

Deno.test("systemNameServers() gives those that Deno asks", async () => {
  const servers = await systemNameServers();
  assertEquals(
    new Set(servers.map(({ address }) => address)),
    new Set(getServers()),
  );
});
