import { cellText, shortened } from './printable.js';

/** A piece of a table: its width is that of its text, whatever paints it. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

const GAP = '  ';

/** Rows whose columns start at the same place; the last cell of a row is shortened where `maxWidth` asks for it. */
export function alignColumns(cells: readonly (readonly Cell[])[], maxWidth = Infinity): string[] {
  // Before anything is measured or painted.
  const rows = cells.map((row) => row.map((cell) => ({ ...cell, text: cellText(cell.text) })));
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, { text }] of row.slice(0, -1).entries()) widths[column] = Math.max(widths[column] ?? 0, lengthOf(text));
  }
  return rows.map((row) => row.map((cell, column) => placed(cell, column, row.length)).join(GAP).trimEnd());

  function placed({ text, paint = unpainted }: Cell, column: number, columnCount: number): string {
    if (column < columnCount - 1) return paint(text) + ' '.repeat(widths[column]! - lengthOf(text));
    const before = widths.slice(0, column).reduce((sum, width) => sum + width + GAP.length, 0);
    return paint(shortened(text, Math.max(maxWidth - before, 1)));
  }
}

/** In characters, of which a surrogate pair is one. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

function unpainted(text: string): string {
  return text;
}
