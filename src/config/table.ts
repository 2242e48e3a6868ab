/**
 * The one table of settings. A row makes a flag, a key of the config file, a line of `--help` and a
 * property of `Settings`; nothing else in the program knows the names.
 */

import { domainName, host, nameServer, networks } from "./network_values.ts";
import { route } from "./route.ts";
import type { Kind } from "./values.ts";
import {
  bare,
  choice,
  duration,
  integer,
  limit,
  list,
  onOff,
  path,
  port,
  remotePort,
  size,
} from "./values.ts";

/** Headings of the help text, in its order. */
export const GROUPS = [
  "Mail",
  "Network",
  "TLS and login",
  "Relay",
  "Limits",
  "Strangers",
  "Retries",
  "Record",
] as const;

/** A row of the table. */
export interface Setting {
  /** Name of the flag, without `--`, and of the key in the config file. */
  readonly flag: string;
  /** How a value is written. */
  readonly kind: Kind<unknown>;
  /** The value when none is given, as it would be typed. Without one the setting may be absent. */
  readonly default?: string;
  /** What an absent setting means, for the help text. */
  readonly absent?: string;
  /** May be given more than once, and is then a list. */
  readonly repeatable?: true;
  /** Heading of the help text under which the setting stands. */
  readonly group: (typeof GROUPS)[number];
  /** What it does, in a few words. */
  readonly help: string;
}

/** Every setting, by its name in the program. */
export const SETTINGS = {
  domains: {
    flag: "domain",
    kind: domainName,
    repeatable: true,
    group: "Mail",
    help: "A domain whose mail is kept here; needed unless --accept all",
  },
  hostname: {
    flag: "hostname",
    kind: domainName,
    absent: "the first domain, else localhost",
    group: "Mail",
    help: "Name of this server, as it greets and signs",
  },
  accept: {
    flag: "accept",
    kind: choice("known", "domain", "all"),
    default: "known",
    group: "Mail",
    help: "Who gets mail: the users and aliases, every name at the domains, " +
      "or every address anywhere",
  },
  mailDir: {
    flag: "mail-dir",
    kind: path("DIR"),
    default: "./mail",
    group: "Mail",
    help:
      "Folder of the mail, the users and the queue; all subcommands take it",
  },
  store: {
    flag: "store",
    kind: choice("maildir", "mbox"),
    default: "maildir",
    group: "Mail",
    help: "A user's mail as a folder of files, or as one file",
  },
  host: {
    flag: "host",
    kind: host,
    default: "::",
    group: "Network",
    help: "Address to listen on; :: is every address, IPv4 and IPv6",
  },
  port: {
    flag: "port",
    kind: port,
    default: "25",
    group: "Network",
    help: "Port to listen on; 0 lets the system pick one",
  },
  submissionPort: {
    flag: "submission-port",
    kind: port,
    group: "Network",
    help: "Port for people's mail clients, who must log in; usually 587",
  },
  submissionsPort: {
    flag: "submissions-port",
    kind: port,
    group: "Network",
    help: "The same under TLS from the first octet; usually 465",
  },
  proxyFrom: {
    flag: "proxy-from",
    kind: networks,
    default: "none",
    group: "Network",
    help: "Proxies that say who the client is (PROXY protocol 1 or 2), and " +
      "must",
  },
  tlsCert: {
    flag: "tls-cert",
    kind: path("FILE"),
    repeatable: true,
    group: "TLS and login",
    help: "A certificate with its chain, in PEM; the client's server name " +
      "chooses, else the first is shown",
  },
  tlsKey: {
    flag: "tls-key",
    kind: path("FILE"),
    repeatable: true,
    absent: "in the file of --tls-cert",
    group: "TLS and login",
    help: "The private key of each --tls-cert, in the same order",
  },
  insecureAuth: {
    flag: "insecure-auth",
    kind: bare,
    default: "off",
    group: "TLS and login",
    help: "Let people log in without TLS: for tests",
  },
  maxAuthFailures: {
    flag: "max-auth-failures",
    kind: integer(1, 1000),
    default: "10",
    group: "TLS and login",
    help: "Failed logins from one address before it is shut out",
  },
  authLockout: {
    flag: "auth-lockout",
    kind: duration("1s", "7d"),
    default: "15m",
    group: "TLS and login",
    help: "For how long",
  },
  relayFrom: {
    flag: "relay-from",
    kind: networks,
    default: "127.0.0.0/8,::1",
    group: "Relay",
    help: "Clients that may send to any domain",
  },
  routes: {
    flag: "route",
    kind: route,
    repeatable: true,
    group: "Relay",
    help: "Where a domain's mail is sent, whatever DNS says; * is the rest. " +
      "The config file can add a user and password",
  },
  requireTls: {
    flag: "require-tls",
    kind: domainName,
    repeatable: true,
    group: "Relay",
    help: "A domain whose mail is sent encrypted or not at all",
  },
  dns: {
    flag: "dns",
    kind: nameServer,
    absent: "the system's",
    group: "Relay",
    help: "DNS server to ask for other domains",
  },
  mxPort: {
    flag: "mx-port",
    kind: remotePort,
    default: "25",
    group: "Relay",
    help: "Port of the servers that DNS names",
  },
  maxSize: {
    flag: "max-size",
    kind: size("1K", "2G"),
    default: "25M",
    group: "Limits",
    help: "Largest message",
  },
  maxRecipients: {
    flag: "max-recipients",
    kind: integer(1, 100_000),
    default: "1000",
    group: "Limits",
    help: "Most recipients of a message",
  },
  maxConnections: {
    flag: "max-connections",
    kind: integer(1, 100_000),
    default: "1000",
    group: "Limits",
    help: "Most clients at once",
  },
  maxConnectionsPerIp: {
    flag: "max-connections-per-ip",
    kind: integer(1, 100_000),
    default: "100",
    group: "Limits",
    help: "Most clients at once from one address",
  },
  timeout: {
    flag: "timeout",
    kind: duration("1s", "1d"),
    default: "5m",
    group: "Limits",
    help: "How long a client may take over a command, or over 4 KiB of a " +
      "message",
  },
  maxErrors: {
    flag: "max-errors",
    kind: integer(1, 10_000),
    default: "20",
    group: "Limits",
    help: "Most faults of a client's own in one session",
  },
  maxHops: {
    flag: "max-hops",
    kind: integer(1, 1000),
    default: "100",
    group: "Limits",
    help: "Most servers that a message may have been through",
  },
  allow: {
    flag: "allow",
    kind: networks,
    default: "none",
    group: "Strangers",
    help: "Clients that are spared all this, as are those of --relay-from, " +
      "but for --max-unknown-recipients",
  },
  deny: {
    flag: "deny",
    kind: networks,
    default: "none",
    group: "Strangers",
    help: "Clients that are turned away",
  },
  connectionsPerMinute: {
    flag: "connections-per-minute",
    kind: limit,
    default: "600",
    group: "Strangers",
    help: "Most connections in a minute from one address, and logins by one " +
      "user",
  },
  messagesPerMinute: {
    flag: "messages-per-minute",
    kind: limit,
    default: "600",
    group: "Strangers",
    help: "Most messages in a minute from one address, or by one user",
  },
  maxSessionRecipients: {
    flag: "max-session-recipients",
    kind: limit,
    default: "10000",
    group: "Strangers",
    help: "Most recipients of one session, all messages together",
  },
  maxUnknownRecipients: {
    flag: "max-unknown-recipients",
    kind: limit,
    default: "20",
    group: "Strangers",
    help: "Most recipients of one session that nobody knows",
  },
  bannerDelay: {
    flag: "banner-delay",
    kind: duration("0s", "1m"),
    default: "0s",
    group: "Strangers",
    help: "How long to wait before the greeting; who speaks before it is " +
      "turned away",
  },
  greylist: {
    flag: "greylist",
    kind: duration("0s", "1d"),
    default: "0s",
    group: "Strangers",
    help: "How long a sender who is new here is asked to wait; 0s is off",
  },
  blockLists: {
    flag: "dnsbl",
    kind: domainName,
    repeatable: true,
    group: "Strangers",
    help: "A DNS block list; clients on it are turned away",
  },
  retry: {
    flag: "retry",
    kind: list(duration("1s", "7d"), "durations (1s to 7d, such as 5m,10m,1h)"),
    default: "5m,10m,20m,40m,1h",
    group: "Retries",
    help: "Waits between attempts to deliver; the last one repeats",
  },
  warnAfter: {
    flag: "warn-after",
    kind: duration("0s", "365d"),
    default: "4h",
    group: "Retries",
    help: "How long mail waits before its sender is told that it does",
  },
  giveUp: {
    flag: "give-up",
    kind: duration("1s", "365d"),
    default: "5d",
    group: "Retries",
    help: "How long delivery is tried",
  },
  logLevel: {
    flag: "log-level",
    kind: choice("debug", "info", "warn", "error"),
    default: "info",
    group: "Record",
    help: "What the log leaves out: all that matters less than this",
  },
  logFormat: {
    flag: "log-format",
    kind: choice("text", "json"),
    default: "text",
    group: "Record",
    help: "A log for people, or a line of JSON for each event",
  },
  transcript: {
    flag: "transcript",
    kind: onOff,
    default: "on",
    group: "Record",
    help: "Keep the dialogue of every connection",
  },
} as const satisfies Readonly<Record<string, Setting>>;
