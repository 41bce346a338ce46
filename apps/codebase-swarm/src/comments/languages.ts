/** The languages whose comments are understood. A file of another kind is counted, and not read. */
import * as form from './syntax.js';
import type { Syntax } from './syntax.js';

export interface Language {
  readonly name: string;
  readonly syntax: Syntax;
}

const { DOUBLE, SINGLE, CHARACTER, TRIPLE_DOUBLE, TRIPLE_SINGLE, SLASHES, HASH, HASH_AFTER_BREAK, SLASH_STAR, SLASH_STAR_NESTED } = form;

const C: Syntax = { lines: [SLASHES], blocks: [SLASH_STAR], strings: [DOUBLE, CHARACTER] };
const SCRIPT: Syntax = { lines: [SLASHES], blocks: [SLASH_STAR], strings: [DOUBLE, SINGLE], isScript: true };
const NESTING_C: Syntax = { ...C, blocks: [SLASH_STAR_NESTED], strings: [TRIPLE_DOUBLE, DOUBLE, CHARACTER] };
const HASHED: Syntax = { lines: [HASH_AFTER_BREAK], strings: [DOUBLE, SINGLE] };
const STYLES: Syntax = { blocks: [SLASH_STAR], strings: [DOUBLE, SINGLE, form.CSS_ADDRESS] };
const MARKUP: Syntax = { blocks: [form.ANGLES] };
const SHELL: Syntax = { lines: [HASH_AFTER_BREAK], strings: [form.ESCAPED, form.SHELL_HEREDOC, form.DOUBLE_LINES, form.SHELL_ESCAPES, "'[^']*'?"] };
const LISP: Syntax = { lines: [form.SEMICOLON], blocks: [{ open: '#|', close: '|#', nests: true }], strings: [form.ESCAPED, form.DOUBLE_LINES] };

/** Name, file name endings, syntax. An ending without a dot is a whole file name. */
const TABLE: readonly (readonly [name: string, endings: string, syntax: Syntax])[] = [
  ['TypeScript', '.ts .tsx .mts .cts', SCRIPT],
  ['JavaScript', '.js .jsx .mjs .cjs', SCRIPT],
  ['JSON', '.json .jsonc .json5', { lines: [SLASHES], blocks: [SLASH_STAR], strings: [DOUBLE, SINGLE] }],
  ['C', '.c .h', C],
  ['C++', '.cc .cpp .cxx .hh .hpp .hxx .ino', { ...C, strings: [form.CPP_RAW, DOUBLE, CHARACTER] }],
  ['C#', '.cs', { ...C, strings: [TRIPLE_DOUBLE, form.CSHARP_VERBATIM, DOUBLE, CHARACTER] }],
  ['Objective-C', '.m .mm', C],
  ['Java', '.java', { ...C, strings: [TRIPLE_DOUBLE, DOUBLE, CHARACTER] }],
  ['Kotlin', '.kt .kts', NESTING_C],
  ['Scala', '.scala .sbt', NESTING_C],
  ['Swift', '.swift', NESTING_C],
  ['Rust', '.rs', { ...C, blocks: [SLASH_STAR_NESTED], strings: [form.RUST_RAW, form.DOUBLE_LINES, CHARACTER] }],
  ['Go', '.go', { ...C, strings: [DOUBLE, CHARACTER, form.BACKTICK_RAW] }],
  ['Dart', '.dart', { ...C, blocks: [SLASH_STAR_NESTED], strings: [TRIPLE_DOUBLE, TRIPLE_SINGLE, DOUBLE, SINGLE] }],
  ['Groovy', '.groovy .gradle', { ...C, strings: [TRIPLE_DOUBLE, TRIPLE_SINGLE, DOUBLE, SINGLE] }],
  ['Zig', '.zig', { lines: [SLASHES], strings: [DOUBLE, CHARACTER] }],
  ['Solidity', '.sol', { ...C, strings: [DOUBLE, SINGLE] }],
  ['Protocol Buffers', '.proto', { ...C, strings: [DOUBLE, SINGLE] }],
  ['PHP', '.php', { lines: [SLASHES, String.raw`#(?!\[)`], lineEnd: '?>', blocks: [SLASH_STAR, form.ANGLES], strings: [form.PHP_HEREDOC, DOUBLE, SINGLE] }],
  ['F#', '.fs .fsx .fsi', { lines: [SLASHES], blocks: [{ open: '(*', close: '*)', nests: true }], strings: [TRIPLE_DOUBLE, form.DOUBLE_LINES, CHARACTER] }],
  ['OCaml', '.ml .mli', { blocks: [{ open: '(*', close: '*)', nests: true }], strings: [form.DOUBLE_LINES, CHARACTER] }],
  ['CSS', '.css', STYLES],
  ['Sass and Less', '.scss .sass .less', { ...STYLES, lines: [SLASHES] }],
  ['GraphQL', '.graphql .gql', { lines: [HASH], strings: [TRIPLE_DOUBLE, DOUBLE] }],
  ['Python', '.py .pyi .pyx .bzl BUILD SConstruct', { lines: [HASH], strings: [TRIPLE_DOUBLE, TRIPLE_SINGLE, DOUBLE, SINGLE] }],
  ['Ruby', '.rb .rake .gemspec .ru Gemfile Rakefile', { ...HASHED, blocks: [{ open: '\n=begin', close: '\n=end' }], strings: [form.RUBY_HEREDOC, DOUBLE, SINGLE] }],
  ['Shell', '.sh .bash .zsh .ksh .bats .bashrc .zshrc .profile', SHELL],
  ['Tcl', '.tcl .tm', { lines: [HASH_AFTER_BREAK], strings: [DOUBLE] }],
  ['Perl', '.pl .pm .t', { ...HASHED, strings: [form.RUBY_HEREDOC, DOUBLE, SINGLE] }],
  ['PowerShell', '.ps1 .psm1', { ...HASHED, blocks: [{ open: '<#', close: '#>' }] }],
  ['Elixir', '.ex .exs', { lines: [HASH_AFTER_BREAK], strings: [TRIPLE_DOUBLE, DOUBLE] }],
  ['Julia', '.jl', { lines: [HASH], blocks: [{ open: '#=', close: '=#', nests: true }], strings: [TRIPLE_DOUBLE, DOUBLE] }],
  ['R', '.r .R', { ...HASHED, lines: [HASH] }],
  ['YAML', '.yml .yaml', HASHED],
  ['TOML', '.toml', { lines: [HASH], strings: [TRIPLE_DOUBLE, TRIPLE_SINGLE, DOUBLE, "'[^'\\n]*'?"] }],
  ['INI', '.ini .cfg .conf .editorconfig .gitconfig', { lines: [HASH_AFTER_BREAK, form.SEMICOLON_FIRST] }],
  ['Make', '.mk Makefile makefile GNUmakefile', HASHED],
  ['Dockerfile', '.dockerfile Dockerfile Containerfile', HASHED],
  ['CMake', '.cmake CMakeLists.txt', { lines: [HASH], strings: [form.DOUBLE_LINES] }],
  ['Terraform', '.tf .tfvars .hcl', { lines: [HASH, SLASHES], blocks: [SLASH_STAR], strings: [DOUBLE] }],
  ['Nix', '.nix', { lines: [HASH], blocks: [SLASH_STAR], strings: ["''[^]*?''", form.DOUBLE_LINES] }],
  ['ignore file', '.gitignore .dockerignore .npmignore .gitattributes CODEOWNERS', { lines: [HASH_AFTER_BREAK] }],
  ['SQL', '.sql', { lines: [form.DASHES], blocks: [SLASH_STAR_NESTED], strings: [form.SINGLE_SQL, form.DOUBLE_SQL] }],
  ['Lua', '.lua', { lines: [form.DASHES], blocks: [{ open: '--[[', close: ']]' }], strings: [form.LUA_LONG, DOUBLE, SINGLE] }],
  ['Haskell', '.hs .elm', { lines: [String.raw`--(?![^\s\w"'(-])`], blocks: [{ open: '{-', close: '-}', nests: true }], strings: [DOUBLE, CHARACTER] }],
  ['Ada', '.adb .ads', { lines: [form.DASHES], strings: [form.DOUBLE_SQL.replaceAll('[^"]', '[^"\\n]'), CHARACTER] }],
  ['Lisp', '.lisp .cl .el .scm .rkt', LISP],
  ['Clojure', '.clj .cljs .cljc .edn', { ...LISP, blocks: [] }],
  ['Erlang', '.erl .hrl', { lines: ['%'], strings: [form.DOUBLE_LINES, SINGLE] }],
  ['TeX', '.tex .sty .cls', { lines: [form.PERCENT] }],
  ['HTML', '.html .htm .xhtml', { ...MARKUP, embeds: true }],
  ['Vue and Svelte', '.vue .svelte', { ...MARKUP, embeds: true }],
  ['XML', '.xml .svg .xsl .xslt .xsd .plist .csproj .props .targets', { blocks: [form.ANGLES], strings: [String.raw`<!\[CDATA\[[^]*?(?:\]\]>|$)`] }],
  ['Markdown', '.md .mdx .markdown', { blocks: [form.ANGLES], strings: [form.MARKDOWN_FENCE, form.MARKDOWN_CODE] }],
];

const BY_ENDING: ReadonlyMap<string, Language> = new Map(
  TABLE.flatMap(([name, endings, syntax]) => endings.split(' ').map((ending) => [ending, { name, syntax }] as const)),
);

/** What the first line of an executable script names, by the interpreter. */
const BY_INTERPRETER: readonly (readonly [pattern: RegExp, ending: string])[] = [
  [/\b(?:ba|z|k|da|a)?sh\b/, '.sh'],
  [/\bpython/, '.py'],
  [/\b(?:node|deno|bun)\b/, '.js'],
  [/\bruby\b/, '.rb'],
  [/\bperl\b/, '.pl'],
];

/** The language that a file's name stands for. */
export function languageByName(path: string): Language | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return BY_ENDING.get(name) ?? (dot < 0 ? undefined : BY_ENDING.get(name.slice(dot)));
}

/** The language of a script without a telling name: `#!/usr/bin/env bash`. */
export function languageByFirstLine(firstLine: string): Language | undefined {
  if (!firstLine.startsWith('#!')) return undefined;
  const ending = BY_INTERPRETER.find(([pattern]) => pattern.test(firstLine))?.[1];
  return ending === undefined ? undefined : BY_ENDING.get(ending);
}

/** Whether only the first line can tell: the name has no ending. */
export function needsFirstLine(path: string): boolean {
  return !path.slice(path.lastIndexOf('/') + 2).includes('.');
}

export const EMBEDDED: Readonly<Record<'script' | 'style', Syntax>> = { script: SCRIPT, style: STYLES };
