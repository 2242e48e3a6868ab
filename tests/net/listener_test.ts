import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { listen } from "../../src/net/listener.ts";
import { manualClock, settle } from "../log/manual_clock.ts";
import { fakeLog } from "../queue/fakes.ts";

function listenOn(host: string, port = 0) {
  const clock = manualClock("2026-11-23T00:00:00Z");
  const log = fakeLog();
  return {
    clock,
    log,
    listener: listen({ host, port, setting: "port", clock, log }),
  };
}

/** Runs a test in which the system's `listen` is another. */
async function withListen(
  replacement: (address: { hostname?: string; port: number }) => unknown,
  run: () => unknown,
) {
  const original = Deno.listen;
  Deno.listen = replacement as typeof Deno.listen;
  try {
    await run();
  } finally {
    Deno.listen = original;
  }
}

/** The text that a client at an address is greeted with. */
async function greetingAt(hostname: string, port: number): Promise<string> {
  using conn = await Deno.connect({ hostname, port });
  const buffer = new Uint8Array(100);
  const count = await conn.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}

/** Whether this machine has IPv6 at all. */
const hasIpv6 = (() => {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
})();

Deno.test("accept() hands over every connection until the listener is closed", async () => {
  const { listener } = listenOn("127.0.0.1");
  const [address] = listener.addresses;
  assertEquals(address?.address, "127.0.0.1");
  const accepting = listener.accept(async (transport) => {
    await transport.write(new TextEncoder().encode("220 hello"));
    transport[Symbol.dispose]();
  });
  for (let count = 0; count < 3; count++) {
    assertEquals(await greetingAt("127.0.0.1", address!.port), "220 hello");
  }
  listener.close();
  listener.close();
  await accepting;
});

Deno.test({
  name: "listen() takes IPv4 and IPv6 on ::",
  ignore: !hasIpv6,
  fn: async () => {
    const { listener } = listenOn("::");
    const { port } = listener.addresses[0]!;
    for (const { port: each } of listener.addresses) assertEquals(each, port);
    const accepting = listener.accept(async (transport) => {
      const { address } = transport.peer;
      await transport.write(new TextEncoder().encode(address));
      transport[Symbol.dispose]();
    });
    assertEquals(await greetingAt("127.0.0.1", port), "127.0.0.1");
    assertEquals(await greetingAt("::1", port), "::1");
    listener.close();
    await accepting;
  },
});

Deno.test("listen() takes IPv4 on :: where there is no IPv6", async () => {
  const { listen } = Deno;
  await withListen(
    (address) => {
      if (address.hostname === "::") {
        throw new Error("Address family not supported by protocol");
      }
      return listen({ ...address, hostname: "127.0.0.1" });
    },
    () => {
      const { listener } = listenOn("::");
      assertEquals(listener.addresses.length, 1);
      listener.close();
    },
  );
});

Deno.test("listen() says that the port is taken and what to do", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const error = assertThrows(() => listenOn("127.0.0.1", port), Error);
  assertEquals(
    error.message,
    `Cannot listen on 127.0.0.1:${port}: another program uses the port; ` +
      "stop it or choose another with --port",
  );
  assert(error.cause instanceof Deno.errors.AddrInUse);
});

Deno.test({
  name: "listen() says on :: too that the port is taken",
  ignore: !hasIpv6,
  fn: () => {
    using taken = Deno.listen({ hostname: "::", port: 0 });
    const { port } = taken.addr;
    const error = assertThrows(() => listenOn("::", port), Error);
    assertMatch(
      error.message,
      /^Cannot listen on \[::\]:\d+: another program /,
    );
  },
});

Deno.test("listen() says that low ports need rights", async () => {
  await withListen(
    () => {
      throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
    },
    () => {
      for (const host of ["::", "0.0.0.0"]) {
        const error = assertThrows(() => listenOn(host, 25), Error);
        assertMatch(
          error.message,
          /^Cannot listen on .*:25: ports below 1024 need administrator rights; /,
        );
      }
      const error = assertThrows(() => listenOn("0.0.0.0", 2525), Error);
      assertEquals(
        error.message,
        "Cannot listen on 0.0.0.0:2525: the system forbids it",
      );
    },
  );
});

Deno.test("listen() says what the system says of any other failure", async () => {
  await withListen(
    () => {
      throw new Error("failed to lookup address information");
    },
    () => {
      const error = assertThrows(() => listenOn("no.test", 25), Error);
      assertEquals(
        error.message,
        "Cannot listen on no.test:25: failed to lookup address information",
      );
    },
  );
});

Deno.test("listen() says that this machine has no such address", async () => {
  await withListen(
    () => {
      throw new Deno.errors.AddrNotAvailable("(os error 99)");
    },
    () => {
      const error = assertThrows(() => listenOn("192.0.2.1", 2525), Error);
      assertEquals(
        error.message,
        "Cannot listen on 192.0.2.1:2525: this machine has no such address; " +
          "see --host",
      );
    },
  );
});

Deno.test("listen() lets a missing permission speak for itself", async () => {
  const cause = new Deno.errors.NotCapable("Requires net access");
  await withListen(
    () => {
      throw cause;
    },
    () => {
      for (const host of ["::", "127.0.0.1"]) {
        assert(assertThrows(() => listenOn(host)) === cause);
      }
    },
  );
});

/** Runs a test with a listener whose first accepts fail. */
async function withFailingAccepts(
  failures: number,
  run: (made: ReturnType<typeof listenOn>) => Promise<void>,
  failure = new Error("Too many open files (os error 24)"),
) {
  const { listen } = Deno;
  await withListen(
    (address) => {
      const listener = listen(address);
      const accept = listener.accept.bind(listener);
      listener.accept = () =>
        failures-- > 0 ? Promise.reject(failure) : accept();
      return listener;
    },
    () => run(listenOn("127.0.0.1")),
  );
}

Deno.test("accept() doesn't rest for a client that left before it was accepted", async () => {
  await withFailingAccepts(3, async ({ listener, log }) => {
    const accepting = listener.accept((transport) =>
      transport[Symbol.dispose]()
    );
    const { port } = listener.addresses[0]!;
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    assertEquals(await conn.read(new Uint8Array(1)), null);
    assertEquals(log.lines, []);
    listener.close();
    await accepting;
  }, new Deno.errors.NotConnected("Transport endpoint is not connected"));
});

Deno.test("accept() goes on after failures, with a rest before each new try", async () => {
  await withFailingAccepts(2, async ({ listener, clock, log }) => {
    const accepting = listener.accept(async (transport) => {
      await transport.write(new TextEncoder().encode("220 hello"));
      transport[Symbol.dispose]();
    });
    await settle();
    assertEquals(log.of("accept failed"), [
      { error: "Error: Too many open files (os error 24)" },
    ]);
    await clock.advance(99);
    assertEquals(log.lines.length, 1);
    await clock.advance(1);
    assertEquals(log.lines.length, 2);
    await clock.advance(100);
    const { port } = listener.addresses[0]!;
    assertEquals(await greetingAt("127.0.0.1", port), "220 hello");
    assertEquals(log.lines.length, 2);
    listener.close();
    await accepting;
  });
});

Deno.test("accept() ends when the listener is closed during a rest", async () => {
  await withFailingAccepts(1, async ({ listener, clock }) => {
    const accepting = listener.accept(() => {});
    await settle();
    listener.close();
    await clock.advance(100);
    await accepting;
  });
});

/** Runs a test with a listener to whose connections something is done. */
async function withAccepted(
  change: (conn: Deno.TcpConn) => void,
  run: (made: ReturnType<typeof listenOn>) => Promise<void>,
) {
  const { listen } = Deno;
  await withListen(
    (address) => {
      const listener = listen(address);
      const accept = listener.accept.bind(listener);
      listener.accept = async () => {
        const conn = await accept();
        change(conn);
        return conn;
      };
      return listener;
    },
    () => run(listenOn("127.0.0.1")),
  );
}

/** Serves one client, who is greeted. */
async function greetOne(
  { listener }: ReturnType<typeof listenOn>,
): Promise<string> {
  const accepting = listener.accept(async (transport) => {
    await transport.write(new TextEncoder().encode("220 hello"));
    transport[Symbol.dispose]();
  });
  const greeting = await greetingAt("127.0.0.1", listener.addresses[0]!.port);
  listener.close();
  await accepting;
  return greeting;
}

Deno.test("accept() lets what is written leave at once", async () => {
  let noDelay: boolean | undefined;
  await withAccepted((conn) => {
    conn.setNoDelay = (on) => noDelay = on ?? true;
  }, async (made) => {
    assertEquals(await greetOne(made), "220 hello");
  });
  assertEquals(noDelay, true);
});

Deno.test("accept() hands over a connection that takes no option", async () => {
  await withAccepted((conn) => {
    conn.setNoDelay = () => {
      throw new Error("Invalid argument (os error 22)");
    };
  }, async (made) => {
    assertEquals(await greetOne(made), "220 hello");
    assertEquals(made.log.lines, []);
  });
});
