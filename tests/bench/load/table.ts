/** Tables of text. */

/** A table, its first row the heading, each row as long as that. */
export type Table = readonly (readonly string[])[];

/** Lines for a terminal: the first column to the left, the others to the right. */
export function plainTable(table: Table): readonly string[] {
  const widths = widthsOf(table);
  return table.map((row) =>
    row.map((cell, column) => pad(cell, widths[column]!, column))
      .join("  ").trimEnd()
  );
}

/**
 * Lines of Markdown, as `deno fmt` leaves them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { markdownTable } from "./table.ts";
 *
 * assertEquals(markdownTable([["server", "ms"], ["smtpd", "200"]]), [
 *   "| server |  ms |",
 *   "| ------ | --: |",
 *   "| smtpd  | 200 |",
 * ]);
 * ```
 */
export function markdownTable(table: Table): readonly string[] {
  const widths = widthsOf(table).map((width) => Math.max(width, 3));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => pad(cell, widths[i]!, i)).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  );
  const [heading = [], ...rows] = table;
  return [line(heading), line(rule), ...rows.map(line)];
}

function widthsOf(table: Table): readonly number[] {
  return (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((row) => row[column]!.length))
  );
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
