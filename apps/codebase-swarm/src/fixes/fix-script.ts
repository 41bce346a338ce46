/**
 * Mechanical changes of JavaScript and TypeScript that leave what the program does: found and made by ESLint, on a real syntax tree.
 *
 * Pure: nothing but the text decides, no configuration of the code base's. Comments that switch a rule off for a line are heeded.
 */
import { Linter } from 'eslint';
import { parser } from 'typescript-eslint';
import { shorten } from '../comments/shorten.js';
import { unusedImports } from './unused-imports.js';

/** `unused-import`: an import that nothing uses. `var`: what can be `let`. `equality`: `==` between values of one type. */
export type FixKind = 'unused-import' | 'var' | 'equality';

export interface Fix {
  readonly kind: FixKind;
  /** From 1, in the text as it was; up to and including `endLine`. */
  readonly line: number;
  readonly endLine: number;
  /** What is wrong there, in words. */
  readonly what: string;
}

export interface FixableFile {
  readonly path: string;
  readonly fixes: readonly Fix[];
}

const KINDS: Readonly<Record<string, FixKind>> = { 'swarm/unused-imports': 'unused-import', 'no-var': 'var', eqeqeq: 'equality' };
const WORDS: Readonly<Record<FixKind, string>> = { 'unused-import': '', var: '"var" where "let" does', equality: '"==" between values of one type' };
/** Not declarations, in which `var` and imports mean something else. */
const SCRIPT = /(?<!\.d)\.[mc]?[jt]sx?$/;
/** Larger than this, or with more to fix, is made by a machine: linting it takes seconds, and nobody would read the patch. */
const MAX_CHARS = 256 * 1024;
const MAX_FIXES = 2_000;
const MAX_WORDS_CHARS = 80;

const linter = new Linter({ configType: 'flat' });

/** Whether a file is one that can be fixed, by its name. */
export function isScript(path: string): boolean {
  return SCRIPT.test(path);
}

/** What can be fixed in a file; nothing in one that does not parse, or of which most would be fixed. */
export function findFixes(path: string, text: string): readonly Fix[] {
  if (!isScript(path) || text.length > MAX_CHARS) return [];
  const messages = guarded(() => linter.verify(text, configFor(path, text), { filename: fileName(path) }), []);
  const fixes = messages.flatMap(({ ruleId, line, endLine = line, message, fix }): readonly Fix[] => {
    const kind = KINDS[ruleId ?? ''];
    return kind === undefined || fix === undefined ? [] : [{ kind, line, endLine, what: WORDS[kind] || shorten(message, MAX_WORDS_CHARS) }];
  });
  return fixes.length > MAX_FIXES ? [] : fixes;
}

/** The text with all of that fixed. */
export function fixScript(path: string, text: string): string {
  if (findFixes(path, text).length === 0) return text;
  // ESLint takes a function as well, as its class does; a comment can ask for other rules.
  const fix = (({ ruleId }: Linter.LintMessage) => Object.hasOwn(KINDS, ruleId ?? '')) as unknown as boolean;
  return guarded(() => linter.verifyAndFix(text, configFor(path, text), { filename: fileName(path), fix }).output, text);
}

function configFor(path: string, text: string): Linter.Config[] {
  const isTypeScript = /\.[mc]?tsx?$/.test(path);
  const isModule = isTypeScript || /\.m[jt]s$/.test(path) || /^\s*(import|export)\b/m.test(text);
  return [{
    files: ['**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx}'],
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    languageOptions: {
      ...(isTypeScript ? { parser } : {}),
      ecmaVersion: 'latest',
      // A script's own variables are everybody's: those stay.
      sourceType: isModule ? 'module' : 'script',
      parserOptions: { ecmaFeatures: { jsx: path.endsWith('x') } },
    },
    plugins: { swarm: { rules: { 'unused-imports': unusedImports } } },
    rules: { 'swarm/unused-imports': 'error', 'no-var': 'error', eqeqeq: 'error' },
  }];
}

/** Names of folders are none of ESLint's business, which ignores some and can't be given others. */
function fileName(path: string): string {
  return `file${/\.[mc]?[jt]sx?$/.exec(path)![0]}`;
}

/** Somebody's source can be deeper than the stack. */
function guarded<Result>(work: () => Result, otherwise: Result): Result {
  try {
    return work();
  } catch {
    return otherwise;
  }
}
