import type { Log, LogFields } from "../../src/ports/log.ts";
import type { Ledger } from "./ledger.ts";
import type { Process } from "./machine.ts";

/** A process's log: a part of the story, and of the evidence what can't be seen from outside. */
export function programLog(process: Process, ledger: Ledger): Log {
  const at = (level: string): Log["info"] => (event, fields = {}) => {
    if (!process.alive) return;
    process.world.tell(`${level} ${event} ${JSON.stringify(fields)}`);
    read(event, fields, ledger);
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}

function read(event: string, fields: LogFields, ledger: Ledger): void {
  const { id, to, milliseconds, error } = fields;
  switch (event) {
    case "message undeliverable":
      if (!fields.gaveUp) return;
      return ledger.gaveUp(String(id), String(to), Number(milliseconds));
    case "queued message unreadable":
      if (/octets, not/.test(String(error))) ledger.damaged(String(id));
      return;
    case "session failed":
      ledger.faults.push(`session failed: ${error}`);
  }
}
