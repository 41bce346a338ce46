/** What is to be changed in each file: pure. */
import type { FixableFile } from '../fixes/fix-script.js';
import type { Edit } from '../tools/edit.js';
import type { Range } from '../tools/unplanned-change.js';
import type { PlanItem } from './findings.js';

export interface PlannedFile {
  readonly path: string;
  readonly edits: readonly Edit[];
  readonly fix: boolean;
  /** All lines that may change, from and to. */
  readonly lines: readonly Range[];
}

/** In the order of their paths. */
export function plannedFiles(items: readonly PlanItem[], fixable: readonly FixableFile[]): PlannedFile[] {
  const files = new Map<string, { edits: Edit[]; fix: boolean; lines: [number, number][] }>();
  const fileOf = (path: string) => {
    const known = files.get(path) ?? { edits: [], fix: false, lines: [] };
    files.set(path, known);
    return known;
  };
  for (const { path, line, column, edit } of items) {
    if (edit === null) continue;
    const file = fileOf(path);
    file.edits.push({ line, column, ...edit });
    file.lines.push([line, line]);
  }
  for (const { path, fixes } of fixable) {
    const file = fileOf(path);
    file.fix = true;
    file.lines.push(...fixes.map(({ line, endLine }): [number, number] => [line, endLine]));
  }
  return [...files].map(([path, file]) => ({ path, ...file })).sort((one, other) => (one.path < other.path ? -1 : 1));
}
