/** What is said of an event beside its name. */
export type LogFields = Readonly<
  Record<string, string | number | boolean | undefined>
>;

/**
 * The log, as the rest of the program may know it. An event is a lower-case phrase that never
 * varies (`message accepted`), so that it can be searched for; what varies goes into the fields.
 * Writing never waits and never throws.
 */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
