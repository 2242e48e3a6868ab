import type { Answer, Resolver } from "../../src/ports/resolver.ts";
import type { Machine, Process } from "./machine.ts";

/** What DNS knows: domains by their mail exchangers, and hosts by their addresses. */
const EXCHANGERS: Readonly<Record<string, readonly string[]>> = {
  "one.example": ["mx1.one.example", "mx2.one.example"],
  "two.example": [],
  "three.example": ["mx.three.example"],
};
const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  "mx1.one.example": ["192.0.2.11", "2001:db8::11"],
  "mx2.one.example": ["192.0.2.12"],
  "two.example": ["192.0.2.21"],
  "mx.three.example": ["192.0.2.31", "192.0.2.32"],
};

/** The domain whose mail a host takes. */
export function domainAt(address: string): string {
  const [host = ""] = Object.entries(ADDRESSES)
    .find(([, addresses]) => addresses.includes(address)) ?? [];
  return host.split(".").slice(-2).join(".");
}

/** DNS as one process sees it. */
export function simulatedDns(machine: Machine, process: Process): Resolver {
  return {
    mx: (domain) =>
      ask(`MX ${domain}`, () => {
        const hosts = EXCHANGERS[domain];
        return hosts &&
          hosts.map((exchange, at) => ({ preference: 10 * at, exchange }));
      }),
    addresses: (host) => ask(`addresses of ${host}`, () => ADDRESSES[host]),
    ipv4: (host) =>
      ask(
        `IPv4 addresses of ${host}`,
        () => ADDRESSES[host]?.filter((address) => !address.includes(":")),
      ),
  };

  async function ask<Found>(
    question: string,
    find: () => readonly Found[] | undefined,
  ): Promise<Answer<Found>> {
    const { world, counts, weather } = machine;
    const fails = world.chance.chance(weather.dns);
    if (fails && world.chance.chance(0.5)) {
      await new Promise<void>((wake) => process.clock.after(10_000, wake));
    }
    return process.perform(question, (): Answer<Found> => {
      if (fails) {
        counts.add("DNS: no answer");
        return { kind: "failed", why: "SERVFAIL" };
      }
      const records = find();
      if (records === undefined) return { kind: "no domain" };
      return records.length > 0
        ? { kind: "records", records }
        : { kind: "none" };
    });
  }
}
