/**
 * What DNS says. Everything that is normal life is a value; `failed` passes with time, the others
 * are facts.
 */
export type Answer<Found> =
  /** At least one record. */
  | { readonly kind: "records"; readonly records: readonly Found[] }
  /** The name exists and has no such record (NODATA, RFC 2308 §2.2). */
  | { readonly kind: "none" }
  /** The name doesn't exist (NXDOMAIN, RFC 2308 §2.1). */
  | { readonly kind: "no domain" }
  /** Nobody knows for now: SERVFAIL, a refusal, silence. `why` is a phrase for people. */
  | { readonly kind: "failed"; readonly why: string };

/** A mail exchanger of a domain (RFC 1035 §3.3.9). */
export interface Mx {
  /** 0 to 65535; the lowest is tried first. */
  readonly preference: number;
  /** A host name in lower case without a dot at its end; empty for the root (RFC 7505 §3). */
  readonly exchange: string;
}

/**
 * DNS, as the rest of the program may know it. Names are given in ASCII, without a dot at the end;
 * aliases (CNAME) are followed. Never throws.
 */
export interface Resolver {
  /** The mail exchangers of a domain, in no order. */
  mx(domain: string): Promise<Answer<Mx>>;
  /** The IPv6 and IPv4 addresses of a host, those of a family in the order DNS gave them. */
  addresses(host: string): Promise<Answer<string>>;
  /** The IPv4 addresses of a host, in the order DNS gave them. */
  ipv4(host: string): Promise<Answer<string>>;
}
