/** Figures under headings. */
export interface Table {
  readonly title: string;
  /** A paragraph above the table. */
  readonly note?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

const NUMBER = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** Three significant digits; NaN, which stands for not measured, is a dash. */
export function formatNumber(value: number): string {
  return Number.isNaN(value) ? "–" : NUMBER.format(value);
}

/** Markdown whose columns also line up on a terminal. Columns with numbers are aligned right. */
export function renderTable(table: Table): string {
  const rows = table.rows.map((row) => row.map(renderCell));
  const columns = table.columns.map((heading, at) => ({
    width: Math.max(3, heading.length, ...rows.map((row) => row[at]?.length ?? 0)),
    right: table.rows.some((row) => typeof row[at] === "number"),
  }));
  const line = (cells: readonly string[]): string =>
    `| ${columns.map((column, at) => pad(cells[at] ?? "", column)).join(" | ")} |`;
  const rule = columns.map(
    ({ width, right }) => "-".repeat(width - (right ? 1 : 0)) + (right ? ":" : ""),
  );
  const note = table.note === undefined ? [] : [table.note, ""];
  const head = [`## ${table.title}`, "", ...note, line(table.columns), line(rule)];
  return [...head, ...rows.map(line)].join("\n");
}

function renderCell(cell: string | number): string {
  return typeof cell === "string" ? cell : formatNumber(cell);
}

function pad(text: string, column: { readonly width: number; readonly right: boolean }): string {
  return column.right ? text.padStart(column.width) : text.padEnd(column.width);
}
