import { isIP, isIPv4 } from "node:net";
import type { Network } from "../config/network_values.ts";
import type { Settings } from "../config/settings.ts";
import { type Findings, problem, warning } from "./check_finding.ts";
import {
  extentOf,
  formatNetwork,
  isWithin,
  isWithinReach,
} from "./check_networks.ts";
import type { Subject } from "./check_subject.ts";

/** Looks for strangers who could send mail to anywhere through us, or fill our disk. */
export function checkRelaying(
  { settings }: Pick<Subject, "settings">,
): Findings {
  if (!isWithinReach(settings)) return [];
  const { accept, relayFrom, proxyFrom } = settings;
  return [
    ...(accept === "all" ? keepsAll(settings) : [
      ...relayFrom.flatMap(relayingStrangers),
      ...relayFrom.flatMap((network) => relayingProxy(network, proxyFrom)),
    ]),
    ...proxyFrom.flatMap(lyingStrangers),
  ];
}

/** The port that the whole world tries. */
const SMTP_PORT = 25;

function keepsAll({ host, port }: Settings): Findings {
  const everywhere = isIP(host) === 0 || host === "::" || host === "0.0.0.0" ||
    extentOf({ address: host, prefix: isIPv4(host) ? 32 : 128 }) !== "private";
  return port === SMTP_PORT && everywhere
    ? warning(
      "--accept all on port 25: whoever finds this machine can fill its disk; " +
        "for tests choose another --port, or --host 127.0.0.1",
    )
    : [];
}

function relayingStrangers(network: Network): Findings {
  const name = `--relay-from ${formatNetwork(network)}`;
  switch (extentOf(network)) {
    case "everybody":
      return problem(
        `${name}: everybody can send mail to anywhere through this server (an ` +
          "open relay); name your own networks only",
      );
    case "wide":
      return warning(
        `${name}: thousands of strangers may send mail to anywhere through this ` +
          "server; name your own networks only",
      );
    case "site":
    case "private":
      return [];
  }
}

function relayingProxy(
  network: Network,
  proxyFrom: readonly Network[],
): Findings {
  return isWithin(network, proxyFrom)
    ? warning(
      `--relay-from ${formatNetwork(network)}: gives no right, for these are ` +
        "proxies of --proxy-from, who might speak for anybody; name the clients " +
        "behind them",
    )
    : [];
}

/** Whoever may speak for others may claim to be one of --relay-from, too. */
function lyingStrangers(network: Network): Findings {
  const name = `--proxy-from ${formatNetwork(network)}`;
  switch (extentOf(network)) {
    case "everybody":
      return problem(
        `${name}: everybody can claim to come from this machine, and so send ` +
          "mail to anywhere; name your proxies only",
      );
    case "wide":
      return warning(
        `${name}: thousands of strangers can claim to come from this machine; ` +
          "name your proxies only",
      );
    case "site":
    case "private":
      return [];
  }
}
