import { assertEquals, assertRejects } from "@std/assert";
import { makeRate } from "../../src/policy/rates.ts";
import type { Verdict } from "../../src/policy/recipients.ts";
import {
  Visit,
  type Visitor,
  type VisitServices,
} from "../../src/policy/visit.ts";
import { type Mailbox, parseMailbox } from "../../src/smtp/address.ts";
import type { Reply } from "../../src/smtp/reply.ts";
import * as replies from "../../src/smtp/replies.ts";
import type { Envelope } from "../../src/smtp/state.ts";
import { manualClock } from "../log/manual_clock.ts";
import { anybody, challenging } from "./visit_fakes.ts";

const NONE = { permissions: "none" } as const;
const HOST = "mx.test.ru";
const HERE = "192.0.2.1";
const LIST = "list.test";
const MINUTE = 60_000;

const PETYA = mailbox("petya@test.ru");
const VASYA = mailbox("vasya@another.test");

const WELCOME = replies.greeting(HOST);
const TOO_OFTEN = replies.connectingTooOften(HOST);
const GUESSING_ADDRESSES = replies.guessingAddresses(HOST);
const GUESSING_PASSWORDS = replies.guessingPasswords(HOST);

function mailbox(address: string): Mailbox {
  return parseMailbox(address)!;
}

/** A visit from `HERE`, at the door for servers, where nothing is said to differ. */
function visit(
  services: Partial<VisitServices> = {},
  visitor: Partial<Visitor> = {},
): Visit {
  return new Visit({ ...anybody(HOST), ...services }, {
    address: HERE,
    mustLogIn: false,
    ...visitor,
  });
}

/** The answer to a recipient, in a transaction of its own. */
async function recipient(
  visit: Visit,
  to: string,
  from: Mailbox | null = VASYA,
): Promise<Reply> {
  return (await verdict(visit, to, from)).reply;
}

async function verdict(
  visit: Visit,
  to: string,
  from: Mailbox | null = VASYA,
): Promise<Verdict> {
  const parameters = { body: "7BIT", smtputf8: false } as const;
  const envelope: Envelope = { from, parameters, to: [] };
  return await visit.recipient(mailbox(to), envelope);
}

async function logIn(visit: Visit): Promise<Reply> {
  return await visit.authenticate("PLAIN", "right");
}

/** Who is spared what strangers are not, each in one way. */
const SPARED: readonly (readonly [string, Partial<VisitServices>])[] = [
  ["a client that may relay", { mayRelay: (address) => address === HERE }],
  ["an allowed client", { isAllowed: (address) => address === HERE }],
];

/** The same, and who has logged in. */
async function favoured(
  services: Partial<VisitServices>,
): Promise<readonly (readonly [string, Visit])[]> {
  const user = visit({ ...services, authenticator: challenging(PETYA) });
  await logIn(user);
  return [
    ...SPARED.map(([who, why]) =>
      [who, visit({ ...services, ...why })] as const
    ),
    ["a user", user],
  ];
}

const DENIED = { isDenied: (address: string) => address === HERE };
const ALLOWED = { isAllowed: (address: string) => address === HERE };
const OURS = { mayRelay: (address: string) => address === HERE };
const SHUT_OUT = {
  failures: { isShutOut: (address: string) => address === HERE },
};
const FULL = { connections: { take: () => false } };

/** Who comes, to which door, and what it is greeted with. */
const GREETINGS: readonly (readonly [
  string,
  Partial<VisitServices>,
  "servers" | "people",
  Reply,
])[] = [
  ["a stranger", {}, "servers", WELCOME],
  ["a stranger", {}, "people", WELCOME],
  ["a denied client", DENIED, "servers", replies.DENIED],
  ["a denied client", DENIED, "people", replies.DENIED],
  ["a denied and allowed one", { ...DENIED, ...ALLOWED }, "servers", WELCOME],
  ["a denied one that may relay", { ...DENIED, ...OURS }, "servers", WELCOME],
  ["a client shut out", SHUT_OUT, "servers", WELCOME],
  ["a client shut out", SHUT_OUT, "people", GUESSING_PASSWORDS],
  [
    "one shut out that may relay",
    { ...SHUT_OUT, ...OURS },
    "people",
    GUESSING_PASSWORDS,
  ],
  [
    "one shut out that is allowed",
    { ...SHUT_OUT, ...ALLOWED },
    "people",
    GUESSING_PASSWORDS,
  ],
  ["one that comes too often", FULL, "servers", TOO_OFTEN],
  ["one that comes too often", FULL, "people", TOO_OFTEN],
  ["an allowed one, often", { ...FULL, ...ALLOWED }, "servers", WELCOME],
  ["one that may relay, often", { ...FULL, ...OURS }, "people", WELCOME],
];

for (const [who, services, door, reply] of GREETINGS) {
  Deno.test(
    `connect() says ${reply.code} to ${who} at the door for ${door}`,
    NONE,
    () => {
      const mustLogIn = door === "people";
      assertEquals(visit(services, { mustLogIn }).connect(), reply);
    },
  );
}

Deno.test(
  "connect() counts connections by address, and of IPv6 by /64",
  NONE,
  async () => {
    const clock = manualClock("2026-11-23T00:00:00Z");
    const connections = makeRate({ perMinute: 1, clock });
    const from = (address: string) =>
      visit({ connections }, { address }).connect();
    assertEquals(from("192.0.2.1"), WELCOME);
    assertEquals(from("::ffff:192.0.2.1"), TOO_OFTEN);
    assertEquals(from("192.0.2.2"), WELCOME);
    assertEquals(from("2001:db8::1"), WELCOME);
    assertEquals(from("2001:db8::2"), TOO_OFTEN);
    assertEquals(from("2001:db8:0:1::1"), WELCOME);
    await clock.advance(MINUTE);
    assertEquals(from("192.0.2.1"), WELCOME);
  },
);

/** A block list that names the clients it is asked about. */
function listing(listed?: string) {
  const asked: string[] = [];
  const lookUp = (address: string) => {
    asked.push(address);
    return Promise.resolve(listed);
  };
  return { asked, blockLists: { lookUp } };
}

Deno.test(
  "mail() is refused to whom a block list names, which is asked at once and once",
  NONE,
  async () => {
    const { asked, blockLists } = listing(LIST);
    const stranger = visit({ blockLists });
    assertEquals(stranger.connect(), WELCOME);
    assertEquals(asked, [HERE]);
    const refusal = replies.blockListed(HERE, LIST);
    assertEquals(await stranger.mail(VASYA), refusal);
    assertEquals(await stranger.mail(null), refusal);
    assertEquals(asked, [HERE]);
  },
);

Deno.test("mail() is taken from whom no block list names", NONE, async () => {
  const { blockLists } = listing();
  const stranger = visit({ blockLists });
  stranger.connect();
  assertEquals(await stranger.mail(VASYA), replies.SENDER_OK);
});

for (
  const [who, services, mustLogIn] of [
    ...SPARED.map(([who, services]) => [who, services, false] as const),
    ["who has to log in", {}, true],
    ["who is denied", DENIED, false],
    ["who comes too often", FULL, false],
  ] as const
) {
  Deno.test(`connect() asks no block list about ${who}`, NONE, () => {
    const { asked, blockLists } = listing(LIST);
    visit({ ...services, blockLists }, { mustLogIn }).connect();
    assertEquals(asked, []);
  });
}

Deno.test(
  "mail() lets users on block lists send, as at the only door they may log in late",
  NONE,
  async () => {
    const { asked, blockLists } = listing(LIST);
    const user = visit({ blockLists, authenticator: challenging(PETYA) });
    user.connect();
    await logIn(user);
    assertEquals(await user.mail(PETYA), replies.SENDER_OK);
    assertEquals(asked, [HERE]);
  },
);

Deno.test("mail() counts a stranger's messages by address", NONE, async () => {
  const clock = manualClock("2026-11-23T00:00:00Z");
  const messages = makeRate({ perMinute: 2, clock });
  const stranger = visit({ messages });
  assertEquals(await stranger.mail(VASYA), replies.SENDER_OK);
  assertEquals(await visit({ messages }).mail(null), replies.SENDER_OK);
  assertEquals(await stranger.mail(VASYA), replies.SENDING_TOO_MUCH);
  const another = visit({ messages }, { address: "192.0.2.2" });
  assertEquals(await another.mail(VASYA), replies.SENDER_OK);
  await clock.advance(MINUTE / 2);
  assertEquals(await stranger.mail(VASYA), replies.SENDER_OK);
});

Deno.test(
  "mail() counts messages from one /64 of IPv6 together",
  NONE,
  async () => {
    const clock = manualClock("2026-11-23T00:00:00Z");
    const messages = makeRate({ perMinute: 1, clock });
    const from = (address: string) =>
      visit({ messages }, { address }).mail(VASYA);
    assertEquals(await from("2001:db8::1"), replies.SENDER_OK);
    assertEquals(await from("2001:db8::2"), replies.SENDING_TOO_MUCH);
    assertEquals(await from("2001:db8:0:1::1"), replies.SENDER_OK);
  },
);

Deno.test(
  "mail() counts a user's messages by login, wherever they come from",
  NONE,
  async () => {
    const clock = manualClock("2026-11-23T00:00:00Z");
    const services = {
      messages: makeRate({ perMinute: 2, clock }),
      authenticator: challenging(PETYA),
    };
    const atHome = visit({ ...services, ...OURS });
    const abroad = visit(services, { address: "2001:db8::1" });
    for (const user of [atHome, abroad]) {
      await logIn(user);
      assertEquals(await user.mail(PETYA), replies.SENDER_OK);
    }
    assertEquals(await atHome.mail(PETYA), replies.SENDING_TOO_MUCH);
    assertEquals(await abroad.mail(null), replies.SENDING_TOO_MUCH);
    assertEquals(await visit(services).mail(VASYA), replies.SENDER_OK);
  },
);

Deno.test(
  "mail() doesn't count what is refused for another reason",
  NONE,
  async () => {
    const clock = manualClock("2026-11-23T00:00:00Z");
    const services = {
      messages: makeRate({ perMinute: 1, clock }),
      authenticator: challenging(PETYA),
    };
    const listed = visit({ ...services, ...listing(LIST) });
    listed.connect();
    await listed.mail(VASYA);
    assertEquals(await visit(services).mail(VASYA), replies.SENDER_OK);

    const user = visit(services);
    await logIn(user);
    assertEquals(await user.mail(VASYA), replies.NOT_YOUR_ADDRESS);
    assertEquals(await user.mail(PETYA), replies.SENDER_OK);
  },
);

for (const [who, services] of SPARED) {
  Deno.test(`mail() counts no messages of ${who}`, NONE, async () => {
    const messages = { take: () => false };
    const spared = visit({ ...services, messages });
    assertEquals(await spared.mail(VASYA), replies.SENDER_OK);
  });
}

/** By the directory, `both@test.ru` leads to petya. */
const SENDERS: readonly (readonly [string, Reply])[] = [
  ["petya@test.ru", replies.SENDER_OK],
  ["petya+shop@test.ru", replies.SENDER_OK],
  ["both@test.ru", replies.SENDER_OK],
  ["masha@test.ru", replies.NOT_YOUR_ADDRESS],
  ["petya@another.test", replies.NOT_YOUR_ADDRESS],
];

for (const [from, reply] of SENDERS) {
  Deno.test(
    `mail() says ${reply.code} to petya who sends as ${from}`,
    NONE,
    async () => {
      // Tagged addresses lead to whom they belong to.
      const { directory } = anybody(HOST);
      const user = visit({
        authenticator: challenging(PETYA),
        directory: {
          ...directory,
          resolve: ({ local, domain }) =>
            directory.resolve({ local: local.split("+")[0]!, domain }),
        },
      });
      await logIn(user);
      assertEquals(await user.mail(mailbox(from)), reply);
    },
  );
}

Deno.test(
  "mail() takes the null sender from a user, and any from who may relay",
  NONE,
  async () => {
    const user = visit({ authenticator: challenging(PETYA) });
    await logIn(user);
    assertEquals(await user.mail(null), replies.SENDER_OK);
    assertEquals(await visit(OURS).mail(PETYA), replies.SENDER_OK);
  },
);

Deno.test(
  "recipient() says where mail goes, to other domains for some only",
  NONE,
  async () => {
    assertEquals(await verdict(visit(), "both@test.ru"), {
      kind: "accepted",
      reply: replies.RECIPIENT_OK,
      destinations: [PETYA, mailbox("masha@test.ru")],
    });
    const user = visit({ authenticator: challenging(PETYA) });
    await logIn(user);
    const rows = [
      [visit(), false],
      [visit(ALLOWED), false],
      [visit(OURS), true],
      [user, true],
    ] as const;
    for (const [client, mayRelay] of rows) {
      assertEquals(client.mayRelay, mayRelay);
      assertEquals(
        await recipient(client, "vasya@another.test"),
        mayRelay ? replies.RECIPIENT_OK : replies.RELAY_DENIED,
      );
    }
  },
);

Deno.test(
  "recipient() asks the greylist about strangers' good recipients",
  NONE,
  async () => {
    const asked: unknown[] = [];
    const judge = (triplet: unknown) => {
      asked.push(triplet);
      return asked.length < 2 ? replies.GREYLISTED : undefined;
    };
    const stranger = visit({ greylist: { judge } });
    const GREYLISTED = { kind: "refused", reply: replies.GREYLISTED } as const;
    assertEquals(await verdict(stranger, "petya@test.ru"), GREYLISTED);
    assertEquals(
      await recipient(stranger, "petya@test.ru", null),
      replies.RECIPIENT_OK,
    );
    await recipient(stranger, "nobody@test.ru");
    await recipient(stranger, "vasya@another.test");
    assertEquals(asked, [
      { address: HERE, from: VASYA, to: PETYA },
      { address: HERE, from: null, to: PETYA },
    ]);
  },
);

Deno.test("recipient() asks the greylist about nobody else", NONE, async () => {
  const greylist = { judge: () => replies.GREYLISTED };
  for (const [who, client] of await favoured({ greylist })) {
    const reply = await recipient(client, "petya@test.ru");
    assertEquals(reply, replies.RECIPIENT_OK, who);
  }
});

Deno.test(
  "recipient() takes so many from a stranger in a session, refused ones too",
  NONE,
  async () => {
    const stranger = visit({ recipients: { all: 3, unknown: 0 } });
    const told: Reply[] = [];
    for (const name of ["petya", "nobody", "masha", "petya", "nobody"]) {
      await stranger.mail(VASYA);
      told.push(await recipient(stranger, `${name}@test.ru`));
    }
    stranger.secured();
    told.push(await recipient(stranger, "petya@test.ru"));
    assertEquals(told, [
      replies.RECIPIENT_OK,
      replies.NO_SUCH_USER,
      replies.RECIPIENT_OK,
      ...Array(3).fill(replies.TOO_MANY_RECIPIENTS_IN_SESSION),
    ]);
  },
);

Deno.test("recipient() takes any number from others", NONE, async () => {
  const recipients = { all: 1, unknown: 0 };
  for (const [who, client] of await favoured({ recipients })) {
    for (let count = 0; count < 3; count++) {
      const reply = await recipient(client, "petya@test.ru");
      assertEquals(reply, replies.RECIPIENT_OK, who);
    }
  }
});

Deno.test(
  "recipient() ends the session of whoever names too many unknown ones",
  NONE,
  async () => {
    const recipients = { all: 0, unknown: 2 };
    const all = [
      ["a stranger", visit({ recipients })] as const,
      ...await favoured({ recipients }),
    ];
    for (const [who, client] of all) {
      const told: Reply[] = [];
      for (const name of ["nobody", "petya", "nobody2", "masha", "nobody3"]) {
        await client.mail(null);
        told.push(await recipient(client, `${name}@test.ru`));
      }
      assertEquals(told, [
        replies.NO_SUCH_USER,
        replies.RECIPIENT_OK,
        replies.NO_SUCH_USER,
        replies.RECIPIENT_OK,
        GUESSING_ADDRESSES,
      ], who);
    }
  },
);

Deno.test(
  "recipient() goes on counting unknown ones under TLS",
  NONE,
  async () => {
    const stranger = visit({ recipients: { all: 0, unknown: 1 } });
    await recipient(stranger, "nobody@test.ru");
    stranger.secured();
    assertEquals(
      await recipient(stranger, "nobody@test.ru"),
      GUESSING_ADDRESSES,
    );
  },
);

Deno.test(
  "recipient() doesn't take for a guess what is refused for another reason",
  NONE,
  async () => {
    const stranger = visit({ recipients: { all: 0, unknown: 1 } });
    for (let count = 0; count < 3; count++) {
      const reply = await recipient(stranger, "nobody@another.test");
      assertEquals(reply, replies.RELAY_DENIED);
    }
    assertEquals(
      await recipient(stranger, "nobody@test.ru"),
      replies.NO_SUCH_USER,
    );
  },
);

Deno.test(
  "recipient() says only so of unknown ones without a limit",
  NONE,
  async () => {
    const stranger = visit();
    for (let count = 0; count < 50; count++) {
      const reply = await recipient(stranger, "nobody@test.ru");
      assertEquals(reply, replies.NO_SUCH_USER);
    }
  },
);

Deno.test("authenticate() and respond() lead to a login", NONE, async () => {
  const authenticator = challenging(PETYA);
  const client = visit({ authenticator });
  const challenge = await client.authenticate("LOGIN", undefined);
  assertEquals(challenge, replies.challenge(""));
  assertEquals(await client.respond("wrong"), replies.BAD_CREDENTIALS);
  assertEquals(client.login, undefined);

  assertEquals(
    await client.authenticate("PLAIN", "wrong"),
    replies.BAD_CREDENTIALS,
  );
  assertEquals(client.login, undefined);
  assertEquals(await logIn(client), replies.AUTHENTICATED);
  assertEquals(client.login, PETYA);
  assertEquals(authenticator.begun, [
    `LOGIN from ${HERE}`,
    `PLAIN from ${HERE}`,
    `PLAIN from ${HERE}`,
  ]);
});

Deno.test(
  "respond() throws before an exchange has begun, and behind TLS",
  NONE,
  async () => {
    const client = visit({ authenticator: challenging(PETYA) });
    await assertRejects(() => client.respond("right"), TypeError, "begun");
    await client.authenticate("LOGIN", undefined);
    client.secured();
    await assertRejects(() => client.respond("right"), TypeError, "begun");
  },
);

Deno.test("secured() forgets who has logged in", NONE, async () => {
  const client = visit({ authenticator: challenging(PETYA) });
  await logIn(client);
  client.secured();
  assertEquals([client.login, client.mayRelay], [undefined, false]);
  assertEquals(
    await recipient(client, "vasya@another.test"),
    replies.RELAY_DENIED,
  );
  assertEquals(await client.mail(VASYA), replies.SENDER_OK);
});

Deno.test(
  "authenticate() turns away a login that comes too often, from wherever",
  NONE,
  async () => {
    const clock = manualClock("2026-11-23T00:00:00Z");
    const services = {
      authenticator: challenging(PETYA),
      connections: makeRate({ perMinute: 2, clock }),
    };
    const clients = [1, 2, 3].map((host) =>
      visit({ ...services, ...ALLOWED }, { address: `192.0.2.${host}` })
    );
    const told: Reply[] = [];
    for (const client of clients) told.push(await logIn(client));
    const { AUTHENTICATED } = replies;
    assertEquals(told, [AUTHENTICATED, AUTHENTICATED, TOO_OFTEN]);
    assertEquals(clients[2]!.login, undefined);
    await clock.advance(MINUTE);
    assertEquals(await logIn(clients[2]!), AUTHENTICATED);
  },
);

Deno.test("isStranger tells who may be anybody", NONE, () => {
  assertEquals(visit().isStranger, true);
  assertEquals(visit({}, { mustLogIn: true }).isStranger, false);
  for (const [who, services] of SPARED) {
    assertEquals(visit(services).isStranger, false, who);
  }
});
