/** Everything that is fuzzed. */
import { address } from "./address.ts";
import * as identities from "../net/certificates.ts";
import { certificates } from "./certificate.ts";
import { client } from "./client.ts";
import { config } from "./config.ts";
import { dialogues } from "./dialogue.ts";
import { clientSides } from "./dialogues.ts";
import { directory } from "./directory.ts";
import { dns } from "./dns.ts";
import { envelope } from "./envelope.ts";
import { framer } from "./framer.ts";
import { header } from "./header.ts";
import { hello } from "./hello.ts";
import { log } from "./log.ts";
import { names } from "./names.ts";
import { networks } from "./networks.ts";
import { proxy } from "./proxy.ts";
import { reply } from "./reply.ts";
import { rows } from "./rows.ts";
import { sasl } from "./sasl.ts";
import { sessions } from "./session.ts";
import { report } from "./report.ts";
import { tables } from "./tables.ts";
import { text } from "./text.ts";
import { transcript } from "./transcript.ts";
import type { Target } from "./target.ts";

const KNOWN = clientSides();
const PEMS = [identities.MX, identities.ODD, identities.RSA].map(({ cert }) =>
  cert
);

/** The targets, the most important first. */
export const TARGETS: readonly Target[] = [
  { name: "session", tries: 1_000, fuzz: sessions(KNOWN) },
  { name: "dialogue", tries: 2_500, fuzz: dialogues(KNOWN) },
  { name: "framer", tries: 300, fuzz: framer },
  { name: "client", tries: 1_000, fuzz: client },
  { name: "envelope", tries: 3_000, fuzz: envelope },
  { name: "reply", tries: 2_000, fuzz: reply },
  { name: "header", tries: 1_500, fuzz: header },
  { name: "text", tries: 1_000, fuzz: text },
  { name: "report", tries: 500, fuzz: report },
  { name: "certificate", tries: 1_000, fuzz: certificates(PEMS) },
  { name: "proxy", tries: 3_000, fuzz: proxy },
  { name: "hello", tries: 1_000, fuzz: hello },
  { name: "dns", tries: 3_000, fuzz: dns },
  { name: "networks", tries: 3_000, fuzz: networks },
  { name: "sasl", tries: 3_000, fuzz: sasl },
  { name: "config", tries: 1_000, fuzz: config },
  { name: "tables", tries: 500, fuzz: tables },
  { name: "directory", tries: 2_000, fuzz: directory },
  { name: "transcript", tries: 200, fuzz: transcript },
  { name: "rows", tries: 1_000, fuzz: rows },
  { name: "names", tries: 2_000, fuzz: names },
  { name: "log", tries: 500, fuzz: log },
  { name: "address", tries: 5_000, fuzz: address },
];
