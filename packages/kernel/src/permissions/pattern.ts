/**
 * Resource patterns, pure.
 *
 * `*` stands for any characters but `/`, `**` for any characters at all; a pattern that is only `*` matches everything.
 * `call:host.fs.*`, `read:shared:team/**`.
 */

/** Stands for what a wildcard of the narrower pattern may match; no resource holds these characters. */
const ANY_SEGMENT = '\u0001';
const ANY_PATH = '\u0002';

const compiled = new Map<string, RegExp>();
const MAX_COMPILED = 4096;

export function matches(pattern: string, resource: string): boolean {
  if (pattern === '*' || pattern === '**' || pattern === resource) return true;
  return pattern.includes('*') && compile(pattern).test(resource);
}

/**
 * Whether everything that `inner` matches is matched by `outer` (INV-06).
 *
 * Each wildcard of the inner pattern is replaced by a character that only an equally wide wildcard of the outer one can
 * absorb; a wildcard that absorbs this character absorbs whatever the inner one stands for.
 */
export function covers(outer: string, inner: string): boolean {
  const whole = inner === '*' ? '**' : inner;
  return matches(outer, whole.replaceAll('**', ANY_PATH).replaceAll('*', ANY_SEGMENT));
}

function compile(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const source = pattern
    // Runs of wildcards mean what their widest member means; collapsed, they cannot make matching exponential.
    .replace(/\*{2,}/g, '**')
    .split(/(\*+)/)
    .map((part) => (part === '**' ? '[^]*' : part === '*' ? `[^/${ANY_PATH}]*` : escapeLiteral(part)))
    .join('');
  const expression = new RegExp(`^${source}$`);
  // The cache is bounded, since plugins and programs can invent patterns.
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(pattern, expression);
  return expression;
}

function escapeLiteral(text: string): string {
  return text.replace(/[\\^$.|?+()[\]{}]/g, '\\$&');
}
