/** A step of the dialogue: what is being sent, or what was sent last and waits for its answer. */
export type ClientStep =
  | "greeting"
  /** EHLO, or HELO after it was refused. */
  | "hello"
  | "starttls"
  | "handshake"
  | "auth"
  /** RSET, before a transaction that follows one broken off. */
  | "reset"
  | "mail"
  | "rcpt"
  | "data"
  /** The message, or one chunk of it (BDAT). */
  | "text"
  /** The end of the message: the lone dot, or BDAT LAST. */
  | "dot"
  | "quit";
