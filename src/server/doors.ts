import type { Settings } from "../config/settings.ts";

/** A port of ours: who comes in there, and how. */
export interface Door {
  /** The setting that opens it, without `--`. */
  readonly setting: "port" | "submission-port" | "submissions-port";
  /** 0 lets the system pick one. */
  readonly port: number;
  /** Whether TLS starts with the first octet (RFC 8314 §3.3) rather than by STARTTLS. */
  readonly implicitTls: boolean;
  /** Whether people can log in there. */
  readonly login: "offered" | "required" | "no";
}

/** The settings that doors follow from. */
export type DoorSettings = Pick<
  Settings,
  "port" | "submissionPort" | "submissionsPort"
>;

/**
 * The doors of a server. Where people have one of their own, the mail port is for servers and offers
 * no login (RFC 6409 §3.1).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { doorsOf } from "./doors.ts";
 *
 * const none = { submissionPort: undefined, submissionsPort: undefined };
 * assertEquals(doorsOf({ port: 25, ...none }), [
 *   { setting: "port", port: 25, implicitTls: false, login: "offered" },
 * ]);
 * ```
 */
export function doorsOf(
  { port, submissionPort, submissionsPort }: DoorSettings,
): readonly Door[] {
  const shared = submissionPort === undefined && submissionsPort === undefined;
  const doors: Door[] = [{
    setting: "port",
    port,
    implicitTls: false,
    login: shared ? "offered" : "no",
  }];
  if (submissionPort !== undefined) {
    doors.push({
      setting: "submission-port",
      port: submissionPort,
      implicitTls: false,
      login: "required",
    });
  }
  if (submissionsPort !== undefined) {
    doors.push({
      setting: "submissions-port",
      port: submissionsPort,
      implicitTls: true,
      login: "required",
    });
  }
  return doors;
}
