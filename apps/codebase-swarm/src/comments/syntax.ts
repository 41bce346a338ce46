/** How comments and strings are written: the pieces from which each language's pattern is made. */

/** A comment with two ends. */
export interface BlockComment {
  readonly open: string;
  readonly close: string;
  /** Whether one may stand inside another. */
  readonly nests?: boolean;
}

/** What has to be known of a language to tell its comments from everything else. */
export interface Syntax {
  readonly blocks?: readonly BlockComment[];
  /** What starts a comment that ends with the line; sources of regular expressions. */
  readonly lines?: readonly string[];
  /** What ends such a comment before its line does: `?>` in PHP. */
  readonly lineEnd?: string;
  /** What may look like a comment inside and is none; sources of regular expressions, tried in order. */
  readonly strings?: readonly string[];
  /** Template literals and regular expressions, which no pattern alone can find. */
  readonly isScript?: boolean;
  /** Whether scripts and styles of other languages stand inside. */
  readonly embeds?: boolean;
}

// Loops are unrolled, so that no string, however long, exhausts the stack of the matcher. A string of one line that is
// not closed ends with the line: an apostrophe in a text costs that line and no more.
const quoted = (quote: string, excluded: string): string =>
  String.raw`${quote}[^${quote}\\${excluded}]*(?:\\[^][^${quote}\\${excluded}]*)*${quote}?`;

export const DOUBLE = quoted('"', String.raw`\n`);
export const SINGLE = quoted("'", String.raw`\n`);
export const DOUBLE_LINES = quoted('"', '');
/** A character outside of strings that means itself. */
export const ESCAPED = String.raw`\\[^]`;
export const SHELL_ESCAPES = String.raw`\$${quoted("'", '')}`;
/** A quote inside is doubled, and a backslash is nothing special. */
export const DOUBLE_SQL = '"[^"]*(?:""[^"]*)*"?';
export const SINGLE_SQL = "'[^']*(?:''[^']*)*'?";
export const TRIPLE_DOUBLE = '"""[^]*?(?:"""|$)';
export const TRIPLE_SINGLE = "'''[^]*?(?:'''|$)";
export const BACKTICK_RAW = '`[^`]*`?';
/** One character: a lone apostrophe is a lifetime, a symbol or a digit separator. */
export const CHARACTER = String.raw`'(?:\\'|\\[^'\n]+|[^'\\\n])'`;
export const RUST_RAW = String.raw`\br(?<hashes>#*)"[^]*?(?:"\k<hashes>|$)`;
export const CPP_RAW = String.raw`\bR"(?<delimiter>[^\s()\\]{0,16})\([^]*?(?:\)\k<delimiter>"|$)`;
export const CSHARP_VERBATIM = `@\\$?${DOUBLE_SQL}`;
export const CSS_ADDRESS = String.raw`\burl\([^)"'\n]*\)`;
export const SHELL_HEREDOC = String.raw`(?<!<)<<-?[ \t]*["'\\]?(?<tag>[A-Za-z_]\w*)["']?[^\n]*\n(?:[^]*?\n)??[ \t]*\k<tag>[ \t]*(?=\r?\n|$)`;
export const RUBY_HEREDOC = String.raw`<<[-~]?["']?(?<tag>[A-Z_][A-Z0-9_]*)["']?[^\n]*\n(?:[^]*?\n)??[ \t]*\k<tag>[ \t]*(?=\r?\n|$)`;
export const PHP_HEREDOC = String.raw`<<<[ \t]*["']?(?<tag>[A-Za-z_]\w*)["']?[^\n]*\n(?:[^]*?\n)??[ \t]*\k<tag>\b`;
export const LUA_LONG = String.raw`\[(?<level>=*)\[[^]*?(?:\]\k<level>\]|$)`;
export const MARKDOWN_FENCE = String.raw`(?<=^|\n)[ \t]*(?<fence>${'`{3,}'}|~{3,})[^]*?(?:\n[ \t]*\k<fence>|$)`;
export const MARKDOWN_CODE = '(?<ticks>`+)[^`\\n][^\\n]*?\\k<ticks>';

export const SLASHES = '//';
export const HASH = '#';
/** Where `#` also means other things, as in `$#` and `${name#prefix}`. */
export const HASH_AFTER_BREAK = String.raw`(?<![^\s;&|()])#`;
export const DASHES = '--';
export const SEMICOLON = ';';
export const SEMICOLON_FIRST = String.raw`(?<=^|\n)[ \t]*;`;
export const PERCENT = String.raw`(?<!\\)%`;

export const SLASH_STAR: BlockComment = { open: '/*', close: '*/' };
export const SLASH_STAR_NESTED: BlockComment = { ...SLASH_STAR, nests: true };
export const ANGLES: BlockComment = { open: '<!--', close: '-->' };
