/**
 * Resource patterns, pure.
 *
 * `*` stands for any characters but `/`, `**` for any characters at all; a pattern that is only `*` matches everything.
 * `call:host.fs.*`, `read:shared:team/**`.
 *
 * Matching takes time in proportion to pattern times resource at the most: programs invent both, and a regular
 * expression of twenty wildcards would let one of them stop the kernel.
 */

/** Stands for what a wildcard of the narrower pattern may match; no pattern holds these characters (see `grant.ts`). */
const ANY_SEGMENT = '\u0001';
const ANY_PATH = '\u0002';

export function matches(pattern: string, resource: string): boolean {
  const start = pattern.indexOf('*');
  if (start < 0) return pattern === resource;
  if (pattern === '*') return true;
  let end = start + 1;
  while (pattern[end] === '*') end++;
  if (pattern.includes('*', end)) return matchesParts(partsOf(pattern), resource);

  // One wildcard, as in nearly all patterns: what is before it, what is after it, and what it stands for.
  const tail = pattern.length - end;
  if (resource.length < start + tail) return false;
  if (!resource.startsWith(pattern.slice(0, start)) || !resource.endsWith(pattern.slice(end))) return false;
  return end - start > 1 || isSegment(resource.slice(start, resource.length - tail));
}

/**
 * Whether everything that `inner` matches is matched by `outer` (INV-06).
 *
 * Each wildcard of the inner pattern is replaced by a character that only an equally wide wildcard of the outer one can
 * absorb; a wildcard that absorbs this character absorbs whatever the inner one stands for. Where it errs, it errs to
 * the safe side: a `*` and a `**` with a slash between them do not count as the two `**` that they amount to.
 */
export function covers(outer: string, inner: string): boolean {
  const whole = inner === '*' ? '**' : inner;
  return matches(outer, whole.replaceAll('**', ANY_PATH).replaceAll('*', ANY_SEGMENT));
}

function isSegment(text: string): boolean {
  return !text.includes('/') && !text.includes(ANY_PATH);
}

/** A literal character, `*`, or `**` for a run of wildcards, which means what its widest member means. */
function partsOf(pattern: string): readonly string[] {
  return pattern.match(/\*{2,}|[^]/g)?.map((part) => (part.length > 1 ? '**' : part)) ?? [];
}

/** Runs through the resource once, with all places of the pattern where it can be by now. */
function matchesParts(parts: readonly string[], resource: string): boolean {
  let places = withSkipped(parts, new Set([0]));
  for (const character of resource.split('')) {
    const next = new Set<number>();
    for (const place of places) {
      const part = parts[place];
      if (part === '**' || (part === '*' && isSegment(character))) next.add(place);
      else if (part === character) next.add(place + 1);
    }
    if (next.size === 0) return false;
    places = withSkipped(parts, next);
  }
  return places.has(parts.length);
}

/** A wildcard may stand for nothing: who is before it is behind it as well. */
function withSkipped(parts: readonly string[], places: Set<number>): Set<number> {
  // A set that grows while it is walked through is walked through to its new end.
  for (const place of places) if (parts[place] === '*' || parts[place] === '**') places.add(place + 1);
  return places;
}
