/**
 * Every reply we make ourselves when mail can't be handed to another server, named, in one file.
 * They end in reports to people, so that the texts say what is wrong and where.
 */
import { type Reply, reply } from "../smtp/reply.ts";

/** The domain wants no mail (RFC 7505 §4.1). */
export const nullMx = (domain: string): Reply =>
  reply(556, "5.1.10", `The domain ${domain} accepts no mail (null MX)`);

/** DNS knows no such domain. */
export const noSuchDomain = (domain: string): Reply =>
  reply(550, "5.1.2", `The domain ${domain} does not exist`);

/** The domain exists, but neither mail exchangers nor addresses of its own. */
export const noMailServer = (domain: string): Reply =>
  reply(550, "5.1.2", `The domain ${domain} has no mail server`);

/** The domain names mail exchangers of which none has an address (RFC 5321 §5.1). */
export const noUsableExchanger = (domain: string): Reply =>
  reply(550, "5.4.4", `No mail server of the domain ${domain} has an address`);

/** The best mail exchanger that is left is this server, which doesn't keep the domain's mail. */
export const loopsBack = (domain: string): Reply =>
  reply(554, "5.4.6", `Mail for ${domain} loops back to this server`);

/** DNS doesn't answer for now. */
export const lookupFailed = (domain: string, why: string): Reply =>
  reply(451, "4.4.3", `Cannot look up the mail servers of ${domain}: ${why}`);

/**
 * A route from the settings leads nowhere. That is the operator's to mend, not the sender's, hence
 * for now and not for good.
 */
export const badRoute = (host: string, why: string): Reply =>
  reply(451, "4.3.5", `Cannot use the fixed route to ${host}: ${why}`);

/** No connection to a host; another may be had. */
export const cannotConnect = (host: string, why: string): Reply =>
  reply(451, "4.4.1", `Cannot connect to ${host}: ${why}`);
