/** The rule of ranking: pure, and the same for everybody who runs it on the same day. */
import type { MarkerKind } from '../comments/markers.js';
import type { Points } from './findings.js';

/** Something broken comes before something ugly, and both before something missing. */
export const KIND_POINTS: Readonly<Record<MarkerKind, number>> = { FIXME: 40, HACK: 25, XXX: 20, TODO: 10 };
/** One point for each full month: what has waited for three years is either done or wrong. */
export const MAX_AGE_POINTS = 36;
/** Two points for each other marker of the same file: one visit could clear them all. */
export const POINTS_PER_COMPANION = 2;
export const MAX_COMPANY_POINTS = 10;

const MONTH_MS = (365.25 / 12) * 24 * 60 * 60 * 1000;

/** Full months between a day and a moment (milliseconds since the epoch); 0 for a day to come. */
export function monthsSince(date: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(`${date}T00:00:00Z`)) / MONTH_MS));
}

export function pointsOf(kind: MarkerKind, ageMonths: number | null, companions: number): Points {
  return {
    kind: KIND_POINTS[kind],
    age: Math.min(ageMonths ?? 0, MAX_AGE_POINTS),
    company: Math.min(companions * POINTS_PER_COMPANION, MAX_COMPANY_POINTS),
  };
}

export function scoreOf({ kind, age, company }: Points): number {
  return kind + age + company;
}

/** The part of the tree that a file belongs to: its directory, two levels deep. */
export function areaOf(path: string): string {
  const folders = path.split('/').slice(0, -1);
  return folders.length === 0 ? '.' : folders.slice(0, 2).join('/');
}
