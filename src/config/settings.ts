/** What the settings are once they are read, and what must hold between them. */

import { type Setting, SETTINGS } from "./table.ts";
import type { Kind } from "./values.ts";

/** A setting's name in the program. */
export type SettingName = keyof typeof SETTINGS;

/** Every setting's name, in the table's order. */
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/**
 * What the settings say by themselves: sizes in octets, durations in milliseconds, domains in
 * lower-case ASCII.
 */
export type Chosen = {
  readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]>;
};

/** The settings that a server runs with: as chosen, with what follows from other settings filled in. */
export type Settings = Omit<Chosen, "hostname" | "tlsCert" | "tlsKey"> & {
  readonly hostname: string;
  /** Paths of the certificates, and of the key to each. */
  readonly tlsFiles: readonly TlsFilePair[];
};

/** Where a certificate is, and its key; both may be in one file. */
export interface TlsFilePair {
  readonly cert: string;
  readonly key: string;
}

type ValueOf<Row extends Setting> = Row extends { readonly repeatable: true }
  ? readonly KindOf<Row>[]
  : Row extends { readonly default: string } ? KindOf<Row>
  : KindOf<Row> | undefined;

type KindOf<Row extends Setting> = Row["kind"] extends Kind<infer Value> ? Value
  : never;

/** What is wrong between one setting and another, a line for each fault. */
export function conflicts(chosen: Chosen): readonly string[] {
  return RULES.flatMap((rule) => rule(chosen) ?? []);
}

/** Says what is wrong, if anything is. */
type Rule = (chosen: Chosen) => string | undefined;

const MAKE_ONE = "(for tests, smtpd tls self-signed makes them)";

const RULES: readonly Rule[] = [
  ({ domains, accept }) =>
    domains.length === 0 && accept !== "all"
      ? "--domain: needed unless --accept all (such as --domain test.ru)"
      : undefined,
  ({ tlsCert, tlsKey }) =>
    tlsKey.length > 0 && tlsKey.length !== tlsCert.length
      ? `--tls-key: given ${tlsKey.length} times, --tls-cert ${tlsCert.length} ` +
        "times; give each certificate its key, in the same order"
      : undefined,
  ({ submissionsPort, tlsCert }) =>
    submissionsPort !== undefined && tlsCert.length === 0
      ? `--submissions-port: needs --tls-cert and --tls-key ${MAKE_ONE}`
      : undefined,
  ({ submissionPort, tlsCert, insecureAuth }) =>
    submissionPort !== undefined && tlsCert.length === 0 && !insecureAuth
      ? "--submission-port: nobody could log in there without --tls-cert and " +
        `--tls-key ${MAKE_ONE}, or --insecure-auth`
      : undefined,
  ({ port, submissionPort, submissionsPort }) => {
    const ports = [port, submissionPort, submissionsPort]
      .filter((each) => each !== undefined && each !== 0);
    return new Set(ports).size < ports.length
      ? "--port, --submission-port and --submissions-port: must differ"
      : undefined;
  },
];

/** The settings with what follows from the others filled in. */
export function complete({ tlsCert, tlsKey, ...chosen }: Chosen): Settings {
  return {
    ...chosen,
    hostname: chosen.hostname ?? chosen.domains[0] ?? "localhost",
    tlsFiles: tlsCert.map((cert, index) => ({
      cert,
      key: tlsKey[index] ?? cert,
    })),
  };
}
