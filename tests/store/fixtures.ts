import type { Content } from "../../src/ports/content.ts";
import type { Log } from "../../src/ports/log.ts";
import { type Mailbox, parseMailbox } from "../../src/smtp/address.ts";
import type { StoredMail } from "../../src/store/mail_store.ts";

/** The mailbox written so. */
export function mailbox(text: string): Mailbox {
  return parseMailbox(text)!;
}

/** A message with the content `text`, in most ways the same each time. */
export function mail(
  text: string,
  differences: Partial<StoredMail> = {},
): StoredMail {
  return {
    id: "1A",
    number: 0,
    receivedAt: Date.parse("2026-11-03T09:05:00Z"),
    sender: "vasya@test.ru",
    header: "Return-Path: <vasya@test.ru>\r\n",
    content: content(text),
    again: false,
    ...differences,
  };
}

/** Content in memory. */
export function content(text: string): Content {
  return { kind: "bytes", bytes: new TextEncoder().encode(text) };
}

/** A log that keeps what it is told, as `level event why`. */
export function keptLog(): Log & { readonly told: string[] } {
  const told: string[] = [];
  const at = (level: string): Log["info"] => (event, fields) =>
    void told.push(`${level} ${event} ${fields?.why ?? ""}`);
  return {
    told,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}
