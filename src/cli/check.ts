import { placesIn } from "../config/places.ts";
import { permissionFlags } from "../config/permissions.ts";
import { dnsResolver } from "../net/resolver.ts";
import { cachedResolver } from "../net/resolver_cache.ts";
import { lockIn } from "../queue/sqlite/open.ts";
import { takeOwnerLock } from "../queue/sqlite/owner_lock.ts";
import { clock } from "../system/clock.ts";
import { disk } from "../system/disk.ts";
import { roomAt } from "../system/room.ts";
import { checkCertificates } from "./check_certificates.ts";
import { checkExposure, systemModes } from "./check_exposure.ts";
import { type Finding, type Findings, findingsOf } from "./check_finding.ts";
import { checkLogins } from "./check_logins.ts";
import { checkMailFolder } from "./check_mail_folder.ts";
import { checkMembers } from "./check_members.ts";
import { checkNames } from "./check_names.ts";
import { checkPorts } from "./check_ports.ts";
import { checkRelaying } from "./check_relaying.ts";
import { checkRoutes } from "./check_routes.ts";
import { checkStrangers } from "./check_strangers.ts";
import type { Check, Members, Subject } from "./check_subject.ts";
import { type ServerSettings, serverSettings } from "./load.ts";
import { aliasesIn, spokenLog, usersIn } from "./tables.ts";
import type { Terminal } from "./terminal.ts";

/** Every look at the settings, in the order in which findings are told. */
const CHECKS: readonly Check[] = [
  checkMembers,
  checkRelaying,
  checkLogins,
  checkRoutes,
  checkCertificates,
  checkExposure,
  checkNames,
  checkStrangers,
  checkPorts,
];

/**
 * `smtpd check`: tries all that a server needs, says what is wrong or will bite, and names the
 * permissions that it runs with. A server that runs is not disturbed.
 */
export async function check(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const asked = await serverSettings(args);
  const findings = await findAll(asked, terminal);
  const code = tell(findings, terminal);
  const flags = permissionFlags(asked.settings, {
    config: asked.config,
    windows: Deno.build.os === "windows",
  });
  terminal.out(`Permissions for deno run: ${flags.join(" ")}`);
  return code;
}

async function findAll(
  { settings, config }: ServerSettings,
  terminal: Terminal,
): Promise<Findings> {
  const { mailDir, dns } = settings;
  const inFolder = await findingsOf(() =>
    checkMailFolder({ settings, disk, roomAt })
  );
  const usable = !inFolder.some(isProblem);
  const [members, inTables] = usable
    ? await readMembers(mailDir, terminal)
    : [undefined, []];
  const subject: Subject = {
    settings,
    config,
    members,
    running: usable && await isInUse(mailDir),
    resolver: cachedResolver(
      dnsResolver({ ...(dns && { nameServer: dns }), timeLimit: DNS_LIMIT }),
      clock,
    ),
    disk,
    clock,
    log: spokenLog(terminal),
    modes: systemModes,
  };
  const others = await Promise.all(
    CHECKS.map((check) => findingsOf(() => check(subject))),
  );
  return [...inFolder, ...inTables, ...others.flat()];
}

/** Milliseconds to wait for an answer from DNS: somebody sits and waits. */
const DNS_LIMIT = 3_000;

/** Those who get mail, if their files can be read, and what is wrong with these. */
async function readMembers(
  mailDir: string,
  terminal: Terminal,
): Promise<readonly [Members | undefined, Findings]> {
  let users: Members["users"] | undefined;
  let aliases: Members["aliases"] | undefined;
  const inUsers = await findingsOf(async () => {
    users = await (await usersIn(mailDir, terminal)).entries(0);
    return [];
  });
  const inAliases = await findingsOf(async () => {
    aliases = await (await aliasesIn(mailDir, terminal)).list();
    return [];
  });
  const members = users && aliases && { users, aliases };
  return [members, [...inUsers, ...inAliases]];
}

/** Whether a server is using a mail folder. */
async function isInUse(mailDir: string): Promise<boolean> {
  const lock = lockIn(placesIn(mailDir).state);
  if (await disk.stat(lock) === undefined) return false;
  using free = takeOwnerLock(lock);
  return free === undefined;
}

/** Says what was found, the worst first, and answers the exit code. */
function tell(findings: Findings, terminal: Terminal): number {
  const linesOf = (wanted: Finding["kind"]) =>
    findings.filter(({ kind }) => kind === wanted).map(({ line }) => line);
  const problems = linesOf("problem");
  const warnings = linesOf("warning");
  problems.forEach((line) => terminal.error(`smtpd: ${line}`));
  warnings.forEach((line) => terminal.error(`smtpd: warning: ${line}`));
  linesOf("note").forEach((line) => terminal.out(line));
  if (problems.length + warnings.length === 0) {
    terminal.out("Everything is in order");
  }
  return problems.length === 0 ? 0 : 1;
}

function isProblem({ kind }: Finding): boolean {
  return kind === "problem";
}
