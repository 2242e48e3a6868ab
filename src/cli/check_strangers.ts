import type { Resolver } from "../ports/resolver.ts";
import { type Findings, problem, warning } from "./check_finding.ts";
import type { Subject } from "./check_subject.ts";

/** Looks at what strangers have to pass: block lists that are none, and a wait that is too long. */
export async function checkStrangers(
  { settings, resolver }: Pick<Subject, "settings" | "resolver">,
): Promise<Findings> {
  const { blockLists, greylist } = settings;
  const lists = await Promise.all(
    blockLists.map((zone) => checkBlockList(zone, resolver)),
  );
  return [...checkGreylist(greylist), ...lists.flat()];
}

/** Milliseconds. Who waits five minutes waits an hour, too, so that more brings nothing. */
const LONG = 3_600_000;

function checkGreylist(delay: number): Findings {
  return delay <= LONG ? [] : warning(
    "--greylist: the first mail of new senders comes more than an hour late; five " +
      "minutes are as good",
  );
}

/** RFC 5782 §5: the entries that tell a working list, which lists the one and not the other. */
const LISTED = "2.0.0.127";
const NOT_LISTED = "1.0.0.127";

async function checkBlockList(
  zone: string,
  resolver: Pick<Resolver, "ipv4">,
): Promise<Findings> {
  const [listed, notListed] = await Promise.all(
    [LISTED, NOT_LISTED].map((entry) => resolver.ipv4(`${entry}.${zone}`)),
  );
  const name = `--dnsbl ${zone}`;
  if (notListed?.kind === "records" && notListed.records.some(isListing)) {
    return problem(
      `${name}: it lists everybody, also 127.0.0.1, and so no mail would come in; ` +
        "take it out",
    );
  }
  switch (listed?.kind) {
    case undefined:
    case "none":
    case "no domain":
      return warning(
        `${name}: it doesn't list 127.0.0.2, as every list of addresses does that ` +
          "works; is the name right?",
      );
    case "failed":
      return warning(`${name}: it can't be asked: ${listed.why}`);
    case "records":
      if (listed.records.some(isListing)) return [];
      return warning(
        `${name}: it answers ${
          listed.records.join(", ")
        }, which is how lists ` +
          "refuse those who ask through a public DNS server; ask your own with --dns",
      );
  }
}

/** Some lists refuse by way of 127.255.255.0/24. */
function isListing(record: string): boolean {
  return record.startsWith("127.") && !record.startsWith("127.255.255.");
}
