import { assertEquals } from "@std/assert";
import { type Access, accessTo } from "../../src/delivery/access.ts";

const NONE = { permissions: "none" } as const;
const CREDENTIALS = { user: "petya", password: () => "secret" };
const POLICIES = ["never", "opportunistic", "require", "implicit"] as const;

/** How to speak to a server that a route names. */
function along(
  route: Parameters<typeof accessTo>[1]["fixed"][number] | object,
  requireTls: readonly string[] = [],
): Access {
  const fixed = [{ domain: "*", host: "mail.test", port: 25, ...route }];
  return accessTo("test.ru", { fixed, requireTls });
}

Deno.test(
  "accessTo() encrypts what it can on the way that DNS names",
  NONE,
  () => {
    const terms = { fixed: [], requireTls: ["bank.ru"] };
    assertEquals(accessTo("test.ru", terms), {
      tls: "opportunistic",
      verified: false,
    });
    assertEquals(accessTo("bank.ru", terms), {
      tls: "require",
      verified: false,
    });
  },
);

Deno.test(
  "accessTo() does as the route says, and verifies where it must encrypt",
  NONE,
  () => {
    for (const tls of POLICIES) {
      const verified = tls === "require" || tls === "implicit";
      assertEquals(along({ tls }), { tls, verified });
      assertEquals(along({ tls, credentials: CREDENTIALS }), {
        tls,
        verified,
        credentials: CREDENTIALS,
      });
    }
  },
);

Deno.test(
  "accessTo() requires TLS for a password unless the route says otherwise",
  NONE,
  () => {
    assertEquals(along({}), { tls: "opportunistic", verified: false });
    assertEquals(along({ credentials: CREDENTIALS }), {
      tls: "require",
      verified: true,
      credentials: CREDENTIALS,
    });
  },
);

Deno.test(
  "accessTo() lets no route weaken what a domain requires",
  NONE,
  () => {
    for (const tls of POLICIES) {
      assertEquals(along({ tls }, ["test.ru"]), {
        tls: tls === "implicit" ? "implicit" : "require",
        verified: true,
      });
    }
  },
);
