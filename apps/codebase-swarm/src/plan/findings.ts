/** What the agents hand to each other. */
import type { Marker, MarkerKind } from '../comments/markers.js';

/** A marker with where it is and what git knows of it. */
export interface Finding extends Marker {
  readonly path: string;
  /** Who wrote the line; null where git does not know. */
  readonly author: string | null;
  /** The day on which it was written, `2024-03-01`. */
  readonly date: string | null;
}

/** How a score came about. */
export interface Points {
  readonly kind: number;
  readonly age: number;
  readonly company: number;
}

/** A finding as the register holds it. */
export interface PlanItem {
  readonly id: string;
  readonly area: string;
  readonly kind: MarkerKind;
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
  readonly label: string | null;
  readonly author: string | null;
  readonly date: string | null;
  /** Full months from its date to the run. */
  readonly ageMonths: number | null;
  readonly score: number;
  readonly points: Points;
  /** What the patch changes; null if the comment names an issue already. */
  readonly edit: { readonly from: string; readonly to: string } | null;
}

/** An area with how much there is to do in it. */
export interface AreaSummary {
  readonly area: string;
  readonly count: number;
  readonly score: number;
}
