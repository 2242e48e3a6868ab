/**
 * Certificates for tests, made by certificates/make.sh and good until 2119: those of an authority of
 * our own and one without. The keys are worth nothing.
 */

/** A certificate and its key, in PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** The authority that signed all of these but `SELF_SIGNED`. */
export const AUTHORITY: string = pem("authority.pem");

/** For mx.test.ru, *.wild.test.ru, 127.0.0.1 and ::1. */
export const MX: Identity = identity("mx");

/** For mx.test.ru, until 2021. */
export const EXPIRED: Identity = identity("expired");

/** For mx.test.ru, from 2118 on. */
export const FUTURE: Identity = identity("future");

/** With mx.test.ru as its subject only, as it was done long ago. */
export const NAMELESS: Identity = identity("nameless");

/** For the domain `a"b` and the address `http://a/, DNS:mx.test.ru`. */
export const ODD: Identity = identity("odd");

/** For mx.test.ru, signed by itself. */
export const SELF_SIGNED: Identity = identity("self_signed");

/** With mx.test.ru as its subject only, signed by itself, with an RSA key of 2048 bits. */
export const RSA: Identity = identity("rsa");

/** Like `RSA`, on another curve. */
export const P384: Identity = identity("p384");

/** Like `RSA`, on a curve for signatures alone. */
export const ED25519: Identity = identity("ed25519");

/** Like `RSA`, on a curve that Deno's TLS can't use. */
export const ED448: Identity = identity("ed448");

/** Where the certificate for mx.test.ru is whose key, RSA with 1024 bits, is too short. */
export const WEAK_FILES = { cert: path("weak.pem"), key: path("weak.key") };

function identity(name: string): Identity {
  return { cert: pem(`${name}.pem`), key: pem(`${name}.key`) };
}

function pem(file: string): string {
  return Deno.readTextFileSync(path(file));
}

function path(file: string): string {
  return `${import.meta.dirname}/certificates/${file}`;
}
