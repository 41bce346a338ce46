/**
 * The tag that makes a marker one that is kept track of: `TODO(#t3f9a2c1, Ada Lovelace, 2024-03-01): …`.
 *
 * Author and date stand in it because the very commit that adds the tag would hide them from `git blame`.
 */

/** What is known of a marker beside its text. */
export interface Tag {
  /** `#t` and seven hexadecimal digits. */
  readonly id: string;
  /** What stood in the marker's parentheses before: an owner, a topic. */
  readonly label: string | null;
  readonly author: string | null;
  /** The day, `2024-03-01`. */
  readonly date: string | null;
}

const ID = /^#t[0-9a-f]{7}$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** An issue somewhere: #12, gh-12, ABC-12, an address. Such a marker is kept track of already. */
const REFERENCE = /#\d+|\b[A-Z][A-Z0-9]+-\d+\b|\bgh-\d+|\bb\/\d+|https?:\/\//;
const MAX_NAME_LENGTH = 40;

export function tagText({ id, label, author, date }: Tag): string {
  const name = author === null ? null : plainName(author);
  const isNamedTwice = label !== null && label.toLowerCase() === name?.toLowerCase();
  const parts = [id, isNamedTwice ? null : label, name, date];
  return parts.filter((part) => part !== null && part !== '').join(', ');
}

/** The inverse, for what stands in a marker's parentheses; undefined if it is no tag. */
export function parseTag(label: string): Tag | undefined {
  const [id = '', ...rest] = label.split(/\s*,\s*/);
  if (!ID.test(id)) return undefined;
  const isDated = DATE.test(rest.at(-1) ?? '');
  // Name and date come together, from one commit; without a date there is no name either.
  const date = isDated ? rest.pop()! : null;
  const author = isDated ? (rest.pop() ?? null) : null;
  return { id, label: rest.length === 0 ? null : rest.join(', '), author, date };
}

/** The issue that a marker's parentheses name. */
export function referenceIn(label: string): string | undefined {
  return REFERENCE.test(label) ? label : undefined;
}

/**
 * A name without anything that could end a comment, or show on the screen as something else: whoever commits chooses
 * their name freely, and the patch puts it into source files.
 */
function plainName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N} .'-]+/gu, ' ')
    .replace(/-{2,}/g, '-')
    .replace(/\s+/g, ' ')
    .slice(0, MAX_NAME_LENGTH)
    .replace(/[\uD800-\uDBFF]$/, '')
    .trim();
  return plain === '' ? 'unknown' : plain;
}
