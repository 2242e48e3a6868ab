/**
 * Every reply the server can send, named, in one file. Texts are for people and may change; codes
 * and enhanced status codes are the protocol (RFC 5321 §4.2, RFC 3463, RFC 5248).
 */
import { type Reply, reply } from "./reply.ts";

// The session.

/** The greeting (RFC 5321 §4.3.1). */
export const greeting = (hostname: string): Reply => ({
  code: 220,
  text: `${hostname} ESMTP smtpd`,
});

/** To HELO, and to EHLO with a keyword a line (RFC 5321 §4.1.1.1). */
export const hello = (
  hostname: string,
  keywords: readonly string[],
): Reply => ({
  code: 250,
  text: [hostname, ...keywords],
});

/** To RSET, NOOP and whatever else has nothing to say. */
export const OK: Reply = reply(250, "2.0.0", "OK");

/** To QUIT. */
export const bye = (hostname: string): Reply =>
  reply(221, "2.0.0", `${hostname} closing connection`);

/** To STARTTLS (RFC 3207 §4). */
export const READY_FOR_TLS: Reply = reply(220, "2.0.0", "Ready to start TLS");

/** To VRFY: we don't tell strangers who lives here (RFC 5321 §3.5.3, §7.3). */
export const CANNOT_VERIFY: Reply = reply(
  252,
  "2.0.0",
  "Cannot verify, but will accept the message and attempt delivery",
);

/** To HELP, with a line for each command or with the syntax of one (RFC 5321 §4.1.1.8). */
export const help = (lines: string | readonly string[]): Reply =>
  reply(214, "2.0.0", lines);

// The transaction.

/** To MAIL. */
export const SENDER_OK: Reply = reply(250, "2.1.0", "Sender OK");

/** To RCPT. */
export const RECIPIENT_OK: Reply = reply(250, "2.1.5", "Recipient OK");

/** To DATA. */
export const START_MAIL: Reply = {
  code: 354,
  text: "Start mail input; end with <CRLF>.<CRLF>",
};

/** To a BDAT chunk that isn't the last. */
export const chunkOk = (octets: number): Reply =>
  reply(250, "2.0.0", `${octets} octets received`);

/** To the end of a message that is now durable: what was promised is kept. */
export const queued = (id: string): Reply =>
  reply(250, "2.0.0", `OK: queued as ${id}`);

// What the client got wrong: the line.

/** A line past the limit of its kind (RFC 5321 §4.5.3.1.4). */
export const LINE_TOO_LONG: Reply = reply(500, "5.5.2", "Line too long");

/** The same while a SASL exchange is going on, which it ends (RFC 4954 §4). */
export const AUTH_LINE_TOO_LONG: Reply = reply(
  500,
  "5.5.6",
  "Authentication exchange line is too long",
);

/** A SASL response that can't be base64 (RFC 4954 §4). */
export const AUTH_UNREADABLE: Reply = reply(
  501,
  "5.5.2",
  "Cannot decode the response",
);

/** A line that ended in LF alone (RFC 5321 §2.3.8). */
export const BARE_LF_LINE: Reply = reply(
  500,
  "5.5.2",
  "Line ended in a bare LF; SMTP lines end in CRLF",
);

/** A CR, NUL or other control character inside a line. */
export const CONTROL_CHARACTER: Reply = reply(
  500,
  "5.5.2",
  "Control character in command line",
);

/** Octets that are not UTF-8 (RFC 6531 §3.3). */
export const NOT_UTF8: Reply = reply(500, "5.5.2", "Command line is not UTF-8");

/** HTTP on the mail port, perhaps a browser that somebody misuses against us. */
export const NOT_HTTP: Reply = reply(
  554,
  "5.5.1",
  "This is a mail server (SMTP), not a web server",
);

/** A TLS hello before STARTTLS. */
export const NOT_TLS: Reply = reply(
  554,
  "5.5.1",
  "This port speaks SMTP in the clear first, not TLS",
);

// What the client got wrong: the command.

/** A word that is no command (RFC 5321 §4.2.4). */
export const UNKNOWN_COMMAND: Reply = reply(
  500,
  "5.5.1",
  "Command not recognized",
);

/** A command that we know but don't do (RFC 5321 §4.2.4). */
export const notImplemented = (verb: string): Reply =>
  reply(502, "5.5.1", `${verb} is not implemented`);

/** A command whose arguments are not of its form. */
export const syntaxError = (syntax: string): Reply =>
  reply(501, "5.5.4", `Syntax: ${syntax}`);

/** The same to EHLO and HELO, whose answers carry no enhanced code (RFC 2034 §4). */
export const greetingSyntaxError = (syntax: string): Reply => ({
  code: 501,
  text: `Syntax: ${syntax}`,
});

/** A path that can't be read: MAIL's (5.1.7) or RCPT's (5.1.3). */
export const badPath = (status: "5.1.3" | "5.1.7", why: string): Reply =>
  reply(501, status, `Bad address: ${why}`);

/** A MAIL or RCPT parameter that we didn't offer (RFC 5321 §4.1.1.11). */
export const unknownParameter = (keyword: string): Reply =>
  reply(555, "5.5.4", `Parameter ${keyword} is not recognized`);

/** A parameter that we know, with a value it can't have, or given twice. */
export const badParameter = (keyword: string, why: string): Reply =>
  reply(501, "5.5.4", `Parameter ${keyword}: ${why}`);

/** HELP on a word that is no command; AUTH with a mechanism that we lack (RFC 4954 §4). */
export const PARAMETER_NOT_IMPLEMENTED: Reply = reply(
  504,
  "5.5.4",
  "Command parameter not implemented",
);

/** A chunk size that says nothing of where the next command starts: the session ends with it. */
export const CHUNK_SIZE_LOST: Reply = reply(
  501,
  "5.5.4",
  "Syntax: BDAT octets [LAST]; closing connection",
);

// What the client got wrong: the order (RFC 5321 §4.1.4).

/** 503, with what should have come. */
export const badSequence = (text: string): Reply => reply(503, "5.5.1", text);

/** DATA or BDAT when no recipient was accepted (RFC 5321 §3.3). */
export const NO_RECIPIENTS: Reply = reply(
  554,
  "5.5.1",
  "No valid recipients",
);

/** A mail before a login, where only those who have logged in may send (RFC 4954 §6, RFC 6409 §4.3). */
export const AUTH_REQUIRED: Reply = reply(
  530,
  "5.7.0",
  "Authentication required",
);

/** The same where a login takes TLS first (RFC 3207 §4). */
export const TLS_REQUIRED: Reply = reply(
  530,
  "5.7.0",
  "Must issue a STARTTLS command first",
);

/** AUTH in the clear where it needs TLS (RFC 4954 §4, §6). */
export const ENCRYPTION_REQUIRED: Reply = reply(
  538,
  "5.7.11",
  "Encryption required for authentication: issue STARTTLS first",
);

/** A login that worked (RFC 4954 §6). */
export const AUTHENTICATED: Reply = reply(
  235,
  "2.7.0",
  "Authentication successful",
);

/** What a SASL mechanism says next, in base64 (RFC 4954 §4). */
export const challenge = (base64: string): Reply => ({
  code: 334,
  text: base64,
});

/** Whoever it was or whatever was wrong: the answer doesn't tell (RFC 4954 §6). */
export const BAD_CREDENTIALS: Reply = reply(
  535,
  "5.7.8",
  "Authentication credentials invalid",
);

/** A login that can't be checked just now (RFC 4954 §6). */
export const AUTH_UNAVAILABLE: Reply = reply(
  454,
  "4.7.0",
  "Temporary authentication failure, try again later",
);

/** AUTH answered with `*` (RFC 4954 §4). */
export const AUTH_CANCELLED: Reply = reply(
  501,
  "5.7.0",
  "Authentication cancelled",
);

/** Faults past the limit; the session ends with it (RFC 5321 §3.8, §7.8). */
export const tooManyFaults = (hostname: string): Reply =>
  reply(421, "4.7.0", `${hostname} too many errors, closing connection`);

// What the message got wrong.

/** A message past the size offered (RFC 1870 §6). */
export const MESSAGE_TOO_BIG: Reply = reply(
  552,
  "5.3.4",
  "Message exceeds the size limit",
);

/** A CR, LF or NUL where text can't have one (RFC 5321 §2.3.8, §4.1.1.4). */
export const badText = (what: "bare CR" | "bare LF" | "NUL"): Reply =>
  reply(
    550,
    "5.6.0",
    `Message refused: ${what} in its text; lines end in CRLF and nothing else`,
  );

/** BODY=BINARYMIME has no end that DATA could find (RFC 3030 §3). */
export const BINARY_NEEDS_BDAT: Reply = badSequence(
  "A BINARYMIME message must be sent with BDAT",
);

/** A non-ASCII address in a transaction without SMTPUTF8 (RFC 6531 §3.5). */
export const NEEDS_SMTPUTF8: Reply = reply(
  553,
  "5.6.7",
  "Non-ASCII address needs the SMTPUTF8 parameter at MAIL",
);

/** A message with 100 Received fields goes round in circles (RFC 5321 §6.3). */
export const TOO_MANY_HOPS: Reply = reply(
  554,
  "5.4.6",
  "Too many hops: the message seems to go in a loop",
);

// Who may send what to whom.

/** A recipient at one of our domains whom nobody knows here. */
export const NO_SUCH_USER: Reply = reply(550, "5.1.1", "No such user here");

/** A recipient whose aliases lead back to themselves. */
export const ALIAS_LOOP: Reply = reply(
  550,
  "5.4.6",
  "The aliases of this address go in a loop",
);

/** A recipient whose aliases lead to more mailboxes than we take on at once. */
export const ALIAS_TOO_WIDE: Reply = reply(
  550,
  "5.4.6",
  "The aliases of this address lead to too many mailboxes",
);

/** A recipient elsewhere, from a client that may not relay. */
export const RELAY_DENIED: Reply = reply(550, "5.7.1", "Relaying denied");

/** A sender that doesn't belong to who has logged in (RFC 6409 §6.1). */
export const NOT_YOUR_ADDRESS: Reply = reply(
  550,
  "5.7.1",
  "This sender address does not belong to your login",
);

/** A client on our own deny list. */
export const DENIED: Reply = reply(554, "5.7.1", "Access denied");

/** A client on a DNS block list (RFC 5782). */
export const blockListed = (address: string, list: string): Reply =>
  reply(554, "5.7.1", `${address} is on the block list ${list}`);

/** A client that spoke before it was greeted (RFC 5321 §3.1). */
export const EARLY_TALKER: Reply = reply(
  554,
  "5.5.1",
  "Spoke before the greeting",
);

// What we can't do just now.

/** A client, recipient and sender that are new together (RFC 6647 §2.4). */
export const GREYLISTED: Reply = reply(
  451,
  "4.7.1",
  "Greylisted, try again later",
);

/** More connections in a minute than allowed. */
export const connectingTooOften = (hostname: string): Reply =>
  reply(421, "4.7.0", `${hostname} too many connections in a minute`);

/** More messages in a minute than allowed, from an address or by a login. */
export const SENDING_TOO_MUCH: Reply = reply(
  450,
  "4.7.1",
  "Too many messages in a minute, try again later",
);

/** Recipients past what one session may name. */
export const TOO_MANY_RECIPIENTS_IN_SESSION: Reply = reply(
  452,
  "4.5.3",
  "Too many recipients in one session",
);

/** A client that seems to guess addresses; the session ends with it (RFC 5321 §7.3). */
export const guessingAddresses = (hostname: string): Reply =>
  reply(421, "4.7.1", `${hostname} too many unknown recipients`);

/** A client that seems to guess passwords; the session ends with it. */
export const guessingPasswords = (hostname: string): Reply =>
  reply(421, "4.7.0", `${hostname} too many failed logins, try again later`);

/** A slow client that has to make room for another. */
export const makingRoom = (hostname: string): Reply =>
  reply(421, "4.3.2", `${hostname} too busy for slow clients, try again later`);

/** Recipients past the limit; the transaction goes on (RFC 5321 §4.5.3.1.10). */
export const TOO_MANY_RECIPIENTS: Reply = reply(
  452,
  "4.5.3",
  "Too many recipients",
);

/** No space left for the message. */
export const DISK_FULL: Reply = reply(
  452,
  "4.3.1",
  "Insufficient system storage",
);

/** Our own failure, which the log explains. */
export const LOCAL_ERROR: Reply = reply(
  451,
  "4.3.0",
  "Local error, try again later",
);

/** More connections than allowed, in all or from one address. */
export const tooManyConnections = (hostname: string): Reply =>
  reply(421, "4.7.0", `${hostname} too many connections, try again later`);

/** Nothing heard for too long (RFC 5321 §4.5.3.2.7). */
export const timedOut = (hostname: string): Reply =>
  reply(421, "4.4.2", `${hostname} timed out, closing connection`);

/** The server stops (RFC 5321 §3.8). */
export const shuttingDown = (hostname: string): Reply =>
  reply(421, "4.3.2", `${hostname} shutting down, try again later`);
