/** A server under a steady load of all kinds, watched from outside until it is left alone again. */
import { placesIn } from "../../src/config/places.ts";
import { markOf } from "../e2e/load_source.ts";
import { eventually } from "../e2e/patience.ts";
import { HOST, mailFolder, smtpd } from "../e2e/program.ts";
import { furnish } from "../e2e/provider.ts";
import { litter, walk } from "../e2e/stored_mail.ts";
import { random } from "../fuzz/random.ts";
import { startElsewhere } from "./elsewhere.ts";
import { type Footprint, type Server, startServer } from "./process.ts";
import { act, DEED_NAMES, type Town } from "./traffic.ts";

/** One look at the server. */
export interface Sample extends Footprint {
  /** Seconds since the load began. */
  readonly second: number;
  /** Messages that were acknowledged so far. */
  readonly acknowledged: number;
  /** Of these, those that are not where they should be, yet. */
  readonly pending: number;
}

/** What came of it. */
export interface Soaked {
  /** Before the load, when everything had been done once and all was quiet again. */
  readonly before: Footprint;
  /** While it went on. */
  readonly samples: readonly Sample[];
  /** When all was quiet again. */
  readonly after: Footprint;
  /** How often each thing was done. */
  readonly done: ReadonlyMap<string, number>;
  /** What went otherwise than it should for a client. */
  readonly surprises: readonly string[];
  /** Messages that were acknowledged, and those of them that never came. */
  readonly acknowledged: number;
  readonly lost: readonly string[];
  /** What is left in the queue, as the tool lists it. */
  readonly queue: string;
  /** Files that only a message on its way may leave. */
  readonly litter: readonly string[];
  readonly errors: readonly string[];
  readonly warnings: ReadonlyMap<string, number>;
  /** The exit code. */
  readonly exit: number;
}

/** How long, how much, and who hears of it. */
export interface SoakOptions {
  readonly seconds: number;
  /** Deeds in a second. */
  readonly rate: number;
  /** Seconds between two samples. */
  readonly every: number;
  readonly seed: number;
  readonly report?: (sample: Sample) => void;
}

/** Deeds at the same time, at most: a server that can't keep up must not be buried. */
const MOST_AT_ONCE = 80;

/** Soaks a server. */
export async function soak(options: SoakOptions): Promise<Soaked> {
  const chance = random(options.seed);
  await using folder = await mailFolder();
  const { mailDir } = folder;
  await furnish(mailDir);
  const post = new Post(mailDir);
  await using elsewhere = startElsewhere({
    chance,
    taken: (text) => post.arrived(text),
  });
  const { certificate, certificateKey } = placesIn(mailDir);
  await using server = await startServer(
    mailDir,
    ...["--hostname", "mx.test.ru", "--domain", "test.ru"],
    ...["--tls-cert", certificate, "--tls-key", certificateKey],
    ...["--route", `elsewhere.test=${HOST}:${elsewhere.port}`],
    ...["--retry", "1s", "--allow", "127.0.0.0/8"],
    ...["--messages-per-minute", "1000000"],
    ...["--connections-per-minute", "1000000"],
  );
  const town: Town = {
    port: server.port,
    submissionPort: server.submissionPort,
    certificate: Deno.readTextFileSync(certificate),
    chance,
    sending: (mark) => post.sending(mark),
  };
  const done = new Map<string, number>();
  const surprises: string[] = [];
  const deed = async (name?: string) => {
    try {
      const which = await act(town, name);
      done.set(which, (done.get(which) ?? 0) + 1);
    } catch (cause) {
      surprises.push(`${name ?? ""} ${cause}`);
    }
  };

  const { sockets } = await server.footprint();
  for (const name of [...DEED_NAMES, ...DEED_NAMES]) await deed(name);
  const before = await quiet(server, post, { sockets });
  const samples = await load({ ...options, server, post, deed });
  const after = await quiet(server, post, before);
  const { out: queue } = await smtpd(mailDir, ["queue", "list", "--json"]);
  return {
    before,
    samples,
    after,
    done,
    surprises,
    acknowledged: post.acknowledged,
    lost: post.missing,
    queue: queue.trim(),
    litter: litter(mailDir),
    exit: await server.stop(),
    errors: server.errors,
    warnings: server.warnings,
  };
}

/** Keeps clients coming, and looks at the server meanwhile. */
async function load(
  { seconds, rate, every, report, server, post, deed }: SoakOptions & {
    readonly server: Server;
    readonly post: Post;
    readonly deed: () => Promise<void>;
  },
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const running = new Set<Promise<void>>();
  const begin = performance.now();
  const elapsed = () => (performance.now() - begin) / 1000;
  let begun = 0;
  while (elapsed() < seconds) {
    const due = Math.min(elapsed() * rate - begun, MOST_AT_ONCE - running.size);
    for (let more = due; more >= 1; more--) {
      const run: Promise<void> = deed().finally(() => running.delete(run));
      running.add(run);
    }
    // What couldn't be done in time is left out.
    begun = Math.floor(elapsed() * rate);
    if (elapsed() >= (samples.length + 1) * every) {
      post.collect();
      const sample = {
        ...await server.footprint(),
        second: Math.round(elapsed()),
        acknowledged: post.acknowledged,
        pending: post.missing.length,
      };
      samples.push(sample);
      report?.(sample);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 / rate));
  }
  await Promise.all(running);
  return samples;
}

/**
 * Waits until all mail is where it should be and no more sockets and files are open than those given;
 * if that never comes, what there is then is for others to judge.
 */
async function quiet(
  server: Server,
  post: Post,
  { sockets, files = Infinity }:
    & Pick<Footprint, "sockets">
    & Partial<Footprint>,
): Promise<Footprint> {
  let last = await server.footprint();
  await eventually(async () => {
    post.collect();
    last = await server.footprint();
    return post.missing.length === 0 && last.sockets <= sockets &&
      last.files <= files;
  }, "all to be quiet").catch(() => {});
  return last;
}

/** Mail on its way, by its marks. */
class Post {
  acknowledged = 0;
  readonly #mailDir: string;
  /** Sent, and perhaps taken. */
  readonly #sent = new Set<string>();
  /** Taken, and not seen yet. */
  readonly #missing = new Set<string>();

  constructor(mailDir: string) {
    this.#mailDir = mailDir;
  }

  get missing(): readonly string[] {
    return [...this.#missing];
  }

  sending(mark: string): { acknowledged(): void } {
    this.#sent.add(mark);
    return {
      acknowledged: () => {
        this.acknowledged++;
        // It may be there by now.
        if (this.#sent.has(mark)) this.#missing.add(mark);
      },
    };
  }

  /** A message came, or a report on it. */
  arrived(text: string): void {
    const mark = markOf(text) ?? /^X-Mark: (\S+)/m.exec(text)?.[1] ?? "";
    this.#sent.delete(mark);
    this.#missing.delete(mark);
  }

  /** Takes the mail out of the mailboxes, as people do. */
  collect(): void {
    for (const { path, isFile } of walk(this.#mailDir)) {
      if (!isFile || !/[\\/]new[\\/][^\\/]+$/.test(path)) continue;
      this.arrived(Deno.readTextFileSync(path));
      Deno.removeSync(path);
    }
  }
}
