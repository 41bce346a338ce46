/** Makes a plan of findings: pure, so that the planner needs no tool at all. */
import { createHash } from 'node:crypto';
import type { AreaSummary, Finding, PlanItem } from './findings.js';
import { areaOf, monthsSince, pointsOf, scoreOf } from './score.js';
import { parseTag, referenceIn, tagText, type Tag } from './tag.js';

export interface Plan {
  /** Area by area, the one with the highest sum first, and in each the highest score first. */
  readonly items: readonly PlanItem[];
  readonly areas: readonly AreaSummary[];
}

/** `now` is the moment for which ages hold, milliseconds since the epoch. */
export function makePlan(findings: readonly Finding[], now: number): Plan {
  const inOrder = [...findings].sort(byPlace);
  const companions = countBy(inOrder, ({ path }) => path);
  const ids = new Ids(inOrder);
  const items = inOrder.map((finding) => itemOf(finding, { ids, now, companions: companions.get(finding.path)! - 1 }));
  const areas = summarise(items);
  const rank = new Map(areas.map(({ area }, index) => [area, index]));
  items.sort((one, other) => rank.get(one.area)! - rank.get(other.area)! || other.score - one.score || byPlace(one, other));
  return { items, areas };
}

function itemOf(finding: Finding, { ids, now, companions }: { ids: Ids; now: number; companions: number }): PlanItem {
  const { path, line, column, kind, text } = finding;
  const known = finding.label === null ? undefined : parseTag(finding.label);
  const reference = finding.label === null || known !== undefined ? undefined : referenceIn(finding.label);
  const id = known?.id ?? reference ?? ids.next(finding);
  // A tag was written when the line's author was still known.
  const { author, date } = typeof known?.date === 'string' ? known : finding;
  const label = known === undefined ? finding.label : known.label;
  const ageMonths = date === null ? null : monthsSince(date, now);
  const points = pointsOf(kind, ageMonths, companions);
  const isTracked = known !== undefined || reference !== undefined;
  const edit = isTracked ? null : editOf(finding, { id, label, author, date });
  return { id, area: areaOf(path), kind, path, line, column, text, label, author, date, ageMonths, score: scoreOf(points), points, edit };
}

function editOf({ kind, written, isBare }: Finding, tag: Tag): { from: string; to: string } {
  return { from: written, to: `${kind}(${tagText(tag)})${isBare ? ':' : ''}` };
}

/**
 * Names findings by their content, so that the next run gives the same names whatever moved around them. Two with the
 * same text in the same file are told apart by their order.
 */
class Ids {
  readonly #taken = new Set<string>();
  /** How many of each content there were so far. */
  readonly #occurrences = new Map<string, number>();

  /** Ids that stand in the source stay with their owners. */
  constructor(findings: readonly Finding[]) {
    for (const { label } of findings) {
      const id = label === null ? undefined : parseTag(label)?.id;
      if (id !== undefined) this.#taken.add(id);
    }
  }

  next({ path, kind, text }: Finding): string {
    const content = JSON.stringify([path, kind, text]);
    for (let occurrence = this.#occurrences.get(content) ?? 0; ; occurrence++) {
      const id = `#t${createHash('sha256').update(`${content}${occurrence}`).digest('hex').slice(0, 7)}`;
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      this.#occurrences.set(content, occurrence + 1);
      return id;
    }
  }
}

function summarise(items: readonly PlanItem[]): AreaSummary[] {
  const sums = new Map<string, { count: number; score: number }>();
  for (const { area, score } of items) {
    const sum = sums.get(area) ?? { count: 0, score: 0 };
    sums.set(area, { count: sum.count + 1, score: sum.score + score });
  }
  const areas = [...sums].map(([area, sum]) => ({ area, ...sum }));
  return areas.sort((one, other) => other.score - one.score || compare(one.area, other.area));
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

function byPlace(one: Pick<PlanItem, 'path' | 'line' | 'column'>, other: Pick<PlanItem, 'path' | 'line' | 'column'>): number {
  return compare(one.path, other.path) || one.line - other.line || one.column - other.column;
}

/** By code units: the same everywhere, whatever the locale. */
function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
