/** Whether nothing was changed but the lines that were to be: pure. */

/** From and to, from 1. */
export type Range = readonly [from: number, to: number];

/** Lines that were to stay as they are, one after the other. */
interface Stretch {
  /** Of its first line, from 0. */
  readonly from: number;
  readonly lines: readonly string[];
}

/**
 * What was changed beside the planned lines, in words; undefined if nothing was.
 *
 * Not by a diff: where lines are the same one can't tell which of them a diff takes for changed. All that lies between planned lines has to be
 * there still, in order, with no more than there was in place of what was planned.
 */
export function unplannedChange(before: string, after: string, planned: readonly Range[]): string | undefined {
  const [old, now] = [before.split('\n'), after.split('\n')];
  if (now.length > old.length) return `${String(now.length - old.length)} more lines than before`;
  let at = 0;
  for (const stretch of stretchesOf(old, planned)) {
    const { from, lines } = stretch;
    const isLast = from + lines.length === old.length;
    const place = from === 0 ? 0 : isLast ? now.length - lines.length : now.findIndex((_, index) => index >= at && isAt(now, index, lines));
    if (place < at || !isAt(now, place, lines)) return `line ${String(changedLine(now, stretch))} was changed, which nobody had planned`;
    at = place + lines.length;
  }
  return undefined;
}

function stretchesOf(lines: readonly string[], planned: readonly Range[]): Stretch[] {
  const isPlanned = new Uint8Array(lines.length);
  for (const [from, to] of planned) isPlanned.fill(1, from - 1, to);
  const stretches: Stretch[] = [];
  for (let from = isPlanned.indexOf(0); from >= 0; ) {
    const end = isPlanned.indexOf(1, from);
    stretches.push({ from, lines: lines.slice(from, end < 0 ? lines.length : end) });
    from = end < 0 ? -1 : isPlanned.indexOf(0, end);
  }
  return stretches;
}

function isAt(lines: readonly string[], place: number, stretch: readonly string[]): boolean {
  return stretch.every((line, index) => lines[place + index] === line);
}

/** The first line that is another, if no line has moved. */
function changedLine(now: readonly string[], { from, lines }: Stretch): number {
  return from + Math.max(0, lines.findIndex((line, index) => now[from + index] !== line)) + 1;
}
