/** Makes text from outside fit for a terminal, which obeys some characters instead of showing them. */

/** Control characters but tab and newline, line separators, and the marks that change the direction of text. */
const COMMANDS = /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu;

/** Text in which nothing commands the terminal; tabs and newlines stay. */
export function printable(text: string): string {
  return text.replace(COMMANDS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** {@link printable} for what has to stay in its place in a line. */
export function cellText(text: string): string {
  return printable(text).replace(/[\t\n]/g, (character) => (character === '\t' ? '\\t' : '\\n'));
}

export function oneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, ' ').trim());
}

/** Text of at most so many characters; an ellipsis says that there was more. */
export function shortened(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const end = Math.max(maxLength - 1, 0);
  // Half of a surrogate pair is no character.
  const isSplit = /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
  return `${text.slice(0, isSplit ? end - 1 : end)}…`;
}

/** A moment as people read it; its number, where that is none. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

/** A JSON value in one line. */
export function jsonLine(value: unknown, maxLength = Infinity): string {
  return shortened(printable(JSON.stringify(value)), maxLength);
}

/** `1 entry`, `2 entries`, `no entries`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  if (number === 0) return `no ${plural}`;
  return `${number.toLocaleString('en')} ${number === 1 ? singular : plural}`;
}

/** A word of a command line as a shell takes it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** The first five, and that there are more. */
export function listText(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? `, … (${names.length})` : ''}`;
}
