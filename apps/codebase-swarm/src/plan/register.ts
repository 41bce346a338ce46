/** The register that a maintainer keeps: `TODO.md`, pure. */
import type { AreaSummary, PlanItem } from './findings.js';
import { codeText, plainText } from './markdown.js';
import { KIND_POINTS, MAX_AGE_POINTS, MAX_COMPANY_POINTS, POINTS_PER_COMPANION } from './score.js';

export interface RegisterInput {
  readonly items: readonly PlanItem[];
  readonly areas: readonly AreaSummary[];
  /** The moment for which ages hold, milliseconds since the epoch. */
  readonly now: number;
  /** Whether git told authors and dates. */
  readonly hasHistory: boolean;
  readonly filesRead: number;
}

/** The register in pieces of one area or less; put together they are the file. */
export function registerPieces({ items, areas, now, hasHistory, filesRead }: RegisterInput): string[] {
  const day = new Date(now).toISOString().slice(0, 10);
  if (items.length === 0) {
    return [`# To do\n\nAs of ${day}: no TODO, FIXME, HACK or XXX comment in ${count(filesRead, 'source file')}.\n`];
  }
  const itemsByArea = groupByArea(items);
  return [
    `# To do\n\nAs of ${day}: ${count(items.length, 'comment')} in ${count(areas.length, 'area')}, from ${count(filesRead, 'source file')}.\n\n`,
    explanation(hasHistory),
    ...areas.flatMap((area) => areaPieces(area, itemsByArea.get(area.area) ?? [])),
  ];
}

function groupByArea(items: readonly PlanItem[]): ReadonlyMap<string, readonly PlanItem[]> {
  const groups = new Map<string, PlanItem[]>();
  for (const item of items) {
    const group = groups.get(item.area);
    if (group === undefined) groups.set(item.area, [item]);
    else group.push(item);
  }
  return groups;
}

function explanation(hasHistory: boolean): string {
  const kinds = Object.entries(KIND_POINTS).map(([kind, points]) => `${kind} ${points}`).join(', ');
  const history = hasHistory ? '' : ' There is no git history here, so nothing has an age or an author.';
  return (
    `Score: ${kinds}; a point for each full month since the line was written, ${MAX_AGE_POINTS} at most; ` +
    `${POINTS_PER_COMPANION} points for each other such comment in the file, ${MAX_COMPANY_POINTS} at most.${history} ` +
    'Find a comment by its id once the patch is applied: lines move, ids stay.\n'
  );
}

const HEAD = '| id | kind | where | what | since | author | score |\n| --- | --- | --- | --- | --- | --- | ---: |\n';
const ROWS_PER_PIECE = 200;

function areaPieces({ area, count: size, score }: AreaSummary, items: readonly PlanItem[]): string[] {
  const pieces = [`\n## ${area === '.' ? 'Top level' : codeText(area)}\n\n${count(size, 'comment')}, score ${score}\n\n${HEAD}`];
  for (let from = 0; from < items.length; from += ROWS_PER_PIECE) {
    pieces.push(items.slice(from, from + ROWS_PER_PIECE).map(row).join(''));
  }
  return pieces;
}

function row({ id, kind, path, line, label, text, date, ageMonths, author, score }: PlanItem): string {
  // A comment that names an issue has that as its id, and needs it no second time.
  const topic = label === null || label === id ? '' : `(${plainText(label)}) `;
  const what = text === '' ? '*(says nothing)*' : plainText(text);
  const cells = [
    codeText(id),
    kind,
    codeText(`${path}:${line}`),
    `${topic}${what}`,
    date === null ? '' : `${date} (${age(ageMonths ?? 0)})`,
    author === null ? '' : plainText(author),
    String(score),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

/** An age in the largest unit that fits: `7 months`, `3 years`. */
export function age(months: number): string {
  if (months < 1) return 'new';
  return months < 24 ? count(months, 'month') : count(Math.floor(months / 12), 'year');
}

export function count(amount: number, noun: string): string {
  return `${amount.toLocaleString('en')} ${noun}${amount === 1 ? '' : 's'}`;
}
