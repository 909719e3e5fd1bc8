import stringWidth from "string-width";
import { bold } from "./style.ts";

/** A column of a table: its title, whether what is in it are numbers, and whether none is cut. */
export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly isWhole?: boolean;
}

const GAP = "  ";
/** A longer cell is cut. */
const MAX_CELL_WIDTH = 60;

/** Rows under titles, aligned as terminals show them: some letters take two columns. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const cells = rows.map((row) =>
    row.map((cell, place) => (columns[place]?.isWhole === true ? cell : cut(cell))),
  );
  const widths = columns.map(({ title }, place) =>
    Math.max(stringWidth(title), ...cells.map((row) => stringWidth(row[place] ?? ""))),
  );
  const line = (row: readonly string[], style: (text: string) => string): string =>
    columns
      .map(({ isNumber }, place) => {
        const cell = row[place] ?? "";
        const space = " ".repeat(widths[place]! - stringWidth(cell));
        return isNumber ? space + style(cell) : style(cell) + space;
      })
      .join(GAP)
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  const lines = [line(titles, bold), ...cells.map((row) => line(row, (cell) => cell))];
  return `${lines.join("\n")}\n`;
}

function cut(text: string): string {
  if (stringWidth(text) <= MAX_CELL_WIDTH) return text;
  let kept = "";
  for (const letter of text) {
    if (stringWidth(kept + letter) >= MAX_CELL_WIDTH) break;
    kept += letter;
  }
  return `${kept}…`;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar as long as its share of the most, at most `width` columns; never empty for a count. */
export function formatBar(count: number, most: number, width: number): string {
  if (count <= 0 || most <= 0) return "";
  const eighths = Math.max(1, Math.round((count / most) * width * 8));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}

/** A whole number in groups of three digits. */
export function formatCount(value: number | bigint): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}
