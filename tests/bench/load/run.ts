/** One run: a server started afresh, a workload done, the server stopped. */
import { join } from "node:path";
import { prepare, timeList } from "./amid.ts";
import { makeCertificate } from "./certificate.ts";
import type { Ground } from "./ground.ts";
import { measureCrowd } from "./measure_crowd.ts";
import { measureFramer } from "./measure_framer.ts";
import { type Ends, measureMail } from "./measure_mail.ts";
import { measureParts } from "./measure_parts.ts";
import { freePort } from "./launch.ts";
import type { Figures } from "./measures.ts";
import type { Peer, Running, Site } from "./peer.ts";
import { startSmtpSink } from "./peer_smtp_sink.ts";
import { output } from "./programs.ts";
import { isMail, type Load, withMessages, type Workload } from "./workloads.ts";

/** What a run came to. */
export interface Run extends Result {
  /** The name of the workload. */
  readonly workload: string;
  /** The name of the server. */
  readonly server: string;
}

/** What was measured. */
export interface Result {
  readonly figures: Figures;
  /** What went wrong; a run is good only without. */
  readonly errors: readonly string[];
}

/** How to run. */
export interface RunOptions {
  /** Messages in place of the workload's own number. */
  readonly messages: number | undefined;
  /** Where the server keeps its files. */
  readonly ground: Ground;
  /** Told what can be seen before the run ends, for whoever watches. */
  readonly say: (line: string) => void;
  /** Ends the run when it is aborted; nothing of it is left then. */
  readonly signal: AbortSignal;
}

/** A load that a server bears. */
type ServerLoad = Exclude<Load, { by: "framer" }>;

/** Octets of messages that are too large to be left until the end, and too few to matter then. */
const LARGE = 4 * 1024 * 1024;

/** Runs a workload once. Whatever goes wrong is in the result. */
export async function runOnce(
  peer: Peer,
  { name, load }: Workload,
  { messages, ...options }: RunOptions,
): Promise<Run> {
  const sized = messages !== undefined && isMail(load)
    ? withMessages(load, messages)
    : load;
  const run = { workload: name, server: peer.name };
  try {
    const measuring = sized.by === "framer"
      ? measureFramer()
      : measureServer(peer, sized, options);
    return { ...run, ...await measuring };
  } catch (cause) {
    return { ...run, figures: {}, errors: [`${cause}`] };
  }
}

async function measureServer(
  peer: Peer,
  load: ServerLoad,
  { ground, say, signal }: Omit<RunOptions, "messages">,
): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const folder = await ground.folder();
  if (isMail(load) && load.mail.sizes.some((size) => size > LARGE)) {
    stack.defer(() => Deno.remove(folder, { recursive: true }));
  }
  const site = await makeSite(folder, load);
  const sink = { folder: join(folder, "sink"), port: site.relayPort };
  if (isMail(load) && load.mail.until === "relayed") {
    await Deno.mkdir(sink.folder);
    stack.use(await startSmtpSink(sink, "-c"));
  }
  const amid = load.by === "smtp-source" ? load.amid : undefined;
  const already = await prepare(amid, site);
  // What was written before is not to be paid for now.
  await output("sync");
  const server = stack.use(await peer.start(site));
  const { figures, errors } = await Promise.race([
    measure(server, load, { site, sink, already, say }),
    aborted(signal),
  ]);
  const more = amid && {
    start: server.startedIn,
    ...(amid === "full queue" && { list: await timeList(site) }),
  };
  return { figures: { ...figures, ...more }, errors };
}

async function measure(
  server: Running,
  load: ServerLoad,
  { say, ...ends }: Ends & Pick<RunOptions, "say">,
): Promise<Result> {
  switch (load.by) {
    case "start":
      return { figures: { start: server.startedIn }, errors: [] };
    case "crowd":
      return await measureCrowd(server, ends.site);
    case "smtp-source":
      return await measureMail(server, load, ends);
    case "generator": {
      const { parts } = load;
      return parts === undefined
        ? await measureMail(server, load, ends)
        : await measureParts(server, { ...load, parts }, ends.site, say);
    }
    default:
      return load satisfies never;
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) {
    await new Promise((resolve) =>
      signal.addEventListener("abort", resolve, { once: true })
    );
  }
  throw signal.reason;
}

async function makeSite(folder: string, load: ServerLoad): Promise<Site> {
  const site = join(folder, "server");
  await Deno.mkdir(site);
  // Not every process of a server is root's.
  await Deno.chmod(folder, 0o755);
  const tls = load.by === "generator" && load.mail.tls;
  return {
    folder: site,
    port: freePort(),
    relayPort: freePort(),
    sessions: sessionsOf(load),
    ...(tls && { certificate: await makeCertificate(folder) }),
  };
}

function sessionsOf(load: ServerLoad): number {
  switch (load.by) {
    case "smtp-source":
    case "generator":
      return load.mail.sessions;
    case "crowd":
      return load.sessions;
    case "start":
      return 1;
    default:
      return load satisfies never;
  }
}
