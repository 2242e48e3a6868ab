import { type Fields, readFields } from "./fields.ts";
import type { JsonObject } from "./json_value.ts";
import { domainName, host } from "./network_values.ts";
import {
  choice,
  type Fault,
  type Kind,
  type ObjectReading,
  path,
  remotePort,
} from "./values.ts";

/** Where mail for a domain is sent, whatever DNS says. */
export interface Route {
  /** The domain in lower-case ASCII, or `*` for every domain that has no route of its own. */
  readonly domain: string;
  /** A host name or an IP address, without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** When to use TLS; what suits the rest when absent. */
  readonly tls?: "opportunistic" | "require" | "implicit" | "never";
  /** Whom to authenticate as. */
  readonly login?: RouteLogin;
}

/** An account at another server. */
export interface RouteLogin {
  readonly user: string;
  readonly password: RoutePassword;
}

/** A password or where it is. A function, lest it be printed along with the rest. */
export type RoutePassword =
  | { readonly reveal: () => string }
  | { readonly file: string };

/**
 * A fixed way for a domain's mail: `DOMAIN=HOST[:PORT]`, `*` for every other domain; in the config
 * file also an object, which can name an account and say when to use TLS.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { route } from "./route.ts";
 *
 * assertEquals(route.read("*=[::1]:2525"), { domain: "*", host: "::1", port: 2525 });
 * ```
 */
export const route: Kind<Route> = {
  placeholder: "DOMAIN=HOST[:PORT]",
  allowed: "a route (such as test.ru=10.0.0.1:2525, or *=mail.test.ru)",
  read(text) {
    const [, left = "", right = "", digits = "25"] =
      /^([^=]+)=(\[[^\]]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
    const domain = destination.read(left);
    const target = host.read(right);
    const port = remotePort.read(digits);
    return domain !== undefined && target !== undefined && port !== undefined
      ? { domain, host: target, port }
      : undefined;
  },
  readObject: readRoute,
};

const destination: Kind<string> = {
  placeholder: "DOMAIN",
  allowed: "* or a domain name (such as test.ru)",
  read: (text) => text === "*" ? text : domainName.read(text),
};

/** What SASL can say (RFC 4616 §2), on one line of a file. */
const WORDS = /^[^\0\r\n]{1,1000}$/u;

const user: Kind<string> = {
  placeholder: "USER",
  allowed: "a name (1 to 1000 characters, all on one line)",
  read: (text) => WORDS.test(text) ? text : undefined,
};

const password: Kind<() => string> = {
  placeholder: "PASSWORD",
  allowed: "a password (a text of 1 to 1000 characters, all on one line)",
  read: (text) => WORDS.test(text) ? () => text : undefined,
  secret: true,
};

/** The fields of a route that is an object. */
const FIELDS = {
  domain: destination,
  host,
  port: remotePort,
  user,
  password,
  "password-file": path("FILE"),
  tls: choice("opportunistic", "require", "implicit", "never"),
};

type RouteFields = Fields<typeof FIELDS>;

function readRoute(object: JsonObject): ObjectReading<Route> {
  const { fields, faults } = readFields(object, FIELDS);
  const all = [...faults, ...omissions(object), ...contradictions(object)];
  const { domain, host, tls } = fields;
  if (all.length > 0 || domain === undefined || host === undefined) {
    return { faults: all };
  }
  const login = loginOf(fields);
  const port = fields.port ?? usualPort(fields);
  return {
    value: { domain, host, port, ...(tls && { tls }), ...(login && { login }) },
  };
}

function omissions(object: JsonObject): readonly Fault[] {
  return ["domain", "host"].filter((key) => !Object.hasOwn(object, key))
    .map((key) => ({ key, problem: "missing" }));
}

/** Fields that can't be without each other, or together. */
function contradictions(object: JsonObject): readonly Fault[] {
  const has = (key: string) => Object.hasOwn(object, key);
  const faults: Fault[] = [];
  if (has("password") && has("password-file")) {
    const problem = "given beside password: one of them is enough";
    faults.push({ key: "password-file", problem });
  }
  if (has("user") && !has("password") && !has("password-file")) {
    faults.push({ key: "user", problem: "needs password or password-file" });
  }
  for (const key of ["password", "password-file"]) {
    if (has(key) && !has("user")) faults.push({ key, problem: "needs user" });
  }
  return faults;
}

function loginOf(fields: RouteFields): RouteLogin | undefined {
  const { user, password: reveal, "password-file": file } = fields;
  if (user === undefined) return undefined;
  if (reveal !== undefined) return { user, password: { reveal } };
  return file === undefined ? undefined : { user, password: { file } };
}

/** RFC 8314 §3.3 and RFC 6409 §3.1 for submission, or else that of any other mail. */
function usualPort({ tls, user }: RouteFields): number {
  if (tls === "implicit") return 465;
  return user === undefined ? 25 : 587;
}
