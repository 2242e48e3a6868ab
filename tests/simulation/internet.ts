import type { Endpoint, Transport } from "../../src/net/transport.ts";
import { domainAt } from "./dns.ts";
import type { Ledger } from "./ledger.ts";
import type { Crash, Machine, Process } from "./machine.ts";
import { connect, type End, type Line } from "./network.ts";
import type { Fault } from "./plants.ts";
import { playServer } from "./servers.ts";
import { Talk } from "./talk.ts";

/** Where the program listens. */
export const HERE: Endpoint = { address: "192.0.2.25", port: 25 };

/** Milliseconds that a client waits for an answer. */
const PATIENCE = 6 * 60_000;

/** All connections of the program, and those at their other ends. */
export class Internet {
  readonly #machine: Machine;
  readonly #ledger: Ledger;
  readonly #fault: Fault;
  /** The program's ends of connections. */
  readonly #ends = new Set<End>();
  #ports = 40_000;

  constructor(machine: Machine, ledger: Ledger, fault: Fault) {
    this.#machine = machine;
    this.#ledger = ledger;
    this.#fault = fault;
  }

  /** Connections that the program has not closed. */
  get open(): number {
    return [...this.#ends].filter(({ closed }) => !closed).length;
  }

  /** The program is gone. */
  crash(crash: Crash): void {
    for (const end of this.#ends) if (!end.closed) end.die(crash);
    this.#ends.clear();
  }

  /** A client connects to the program. */
  visit(serve: (transport: Transport) => void): Talk {
    const { world, counts } = this.#machine;
    const from = { address: "127.0.0.1", port: this.#ports++ };
    const line = this.#line();
    const [client, server] = connect(world, { line, from, to: HERE });
    this.#ends.add(server);
    counts.add("connections of clients");
    serve(this.#fault.incoming?.(server) ?? server);
    return new Talk(world, client, PATIENCE);
  }

  /** The program connects to another server. */
  async dial(
    process: Process,
    to: Endpoint,
    limit: number,
  ): Promise<Transport | { readonly failed: string }> {
    const { world, weather, counts } = this.#machine;
    if (!world.chance.chance(weather.cut)) {
      return await process.perform(
        `connect ${to.address}`,
        () => this.#connect(to),
      );
    }
    counts.add("servers that were not there");
    if (world.chance.chance(0.5)) {
      await new Promise<void>((wake) => process.clock.after(limit, wake));
      return { failed: "timed out" };
    }
    return await process.perform(
      "refused",
      () => ({ failed: "connection refused" }),
    );
  }

  #connect(to: Endpoint): Transport {
    const { world, counts } = this.#machine;
    const from = { address: HERE.address, port: this.#ports++ };
    const [ours, theirs] = connect(world, { line: this.#line(), from, to });
    const domain = domainAt(to.address);
    this.#ends.add(ours);
    counts.add("connections to servers");
    void playServer(theirs, {
      machine: this.#machine,
      domain,
      visitor: ours,
      receive: (reception) => this.#ledger.receptions.push(reception),
      turnHostile: () => this.#ledger.hostile.add(domain),
    });
    const heard = this.#overheard(ours);
    return this.#fault.outgoing?.(heard) ?? heard;
  }

  /** Notes which recipients the program names. */
  #overheard(end: End): Transport {
    return {
      peer: end.peer,
      local: end.local,
      read: (into) => end.read(into),
      write: (bytes) => {
        const text = new TextDecoder().decode(bytes.subarray(0, 4096));
        for (const [, address] of text.matchAll(/^RCPT TO:<(.*?)>/gm)) {
          this.#ledger.named(address!);
        }
        return end.write(bytes);
      },
      [Symbol.dispose]: () => end[Symbol.dispose](),
    };
  }

  #line(): Line {
    const { world: { chance }, weather, counts } = this.#machine;
    const isCut = chance.chance(weather.cut);
    if (isCut) counts.add("cut connections");
    return {
      piece: chance.pick([60, 1500, 1500, 20_000, 100_000]),
      delay: chance.pick([1, 5, 100]),
      window: chance.pick([4096, 65_536, 1_000_000]),
      ...isCut && {
        cut: {
          octets: chance.below(chance.pick([200, 1000, 3000, 50_000])),
          direction: chance.pick(["out", "back"] as const),
          silent: chance.chance(0.3),
        },
      },
    };
  }
}
