/** Text from source files, made safe to stand in a Markdown table: it may hold anything. */

/** Characters that move the cursor, hide, or turn the direction of the text around them. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Writes out what would not be seen: a line break becomes `\u{a}`. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

export function plainText(text: string): string {
  return visible(text).replace(/[\\`*_{}[\]<>#|~&!]/g, '\\$&').replace(/(https?|www)(?=[:.])/gi, '$1&#8203;');
}

/** Text as code, with a fence that it does not hold itself. */
export function codeText(text: string): string {
  // Inside a table even code can't hold a bare bar.
  const shown = visible(text).replaceAll('|', '\\|');
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const padding = longest > 0 ? ' ' : '';
  return `${fence}${padding}${shown}${padding}${fence}`;
}
