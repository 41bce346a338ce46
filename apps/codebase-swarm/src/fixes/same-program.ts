/**
 * Whether a changed file is the program that it was, by another parser than the one that changed it: TypeScript's.
 *
 * Pure. Comments and blanks count for nothing; all other words have to be the same, but for what a fix may do.
 */
import ts from 'typescript';
import { shorten } from '../comments/shorten.js';
import { isScript } from './fix-script.js';

/** What a fix may make of a word. */
const MAY_BECOME: Readonly<Record<string, string>> = { var: 'let', '==': '===', '!=': '!==' };

const MAX_WORD_CHARS = 80;

/** What differs, in words; undefined if nothing does. Files in other languages are not looked into. */
export function differenceOf(path: string, before: string, after: string): string | undefined {
  if (!isScript(path) || before === after) return undefined;
  const [one, other] = [parse(path, before), parse(path, after)];
  // What did not parse before was not touched but for its comments.
  if (one.problem !== undefined) return one.words.join('\n') === other.words.join('\n') ? undefined : 'it did not parse before, and has other words now';
  if (other.problem !== undefined) return `it does not parse any more: ${other.problem}`;
  return differenceOfWords(one.words, other.words) ?? differenceOfImports(one.imports, other.imports);
}

function differenceOfWords(before: readonly string[], after: readonly string[]): string | undefined {
  const at = before.findIndex((word, index) => word !== after[index] && (MAY_BECOME[word] ?? word) !== after[index]);
  if (at >= 0) return `${quoted(before[at]!)} has become ${quoted(after[at] ?? 'nothing')}`;
  return after.length > before.length ? `${quoted(after[before.length]!)} was added` : undefined;
}

/** A word can be a whole template. */
function quoted(word: string): string {
  return JSON.stringify(shorten(word, MAX_WORD_CHARS));
}

function differenceOfImports(before: readonly string[], after: readonly string[]): string | undefined {
  const known = new Set(before);
  const added = after.find((name) => !known.has(name));
  return added === undefined ? undefined : `the import ${shorten(added, MAX_WORD_CHARS)} was added`;
}

interface Parsed {
  /** All but those of imports. */
  readonly words: readonly string[];
  /** `join from "node:path"` */
  readonly imports: readonly string[];
  readonly problem: string | undefined;
}

function parse(path: string, text: string): Parsed {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false) as ts.SourceFile & { readonly parseDiagnostics: readonly ts.Diagnostic[] };
  const words: string[] = [];
  const imports: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) imports.push(...namesIn(node, source));
    else wordsIn(node, source, words);
  };
  source.statements.forEach(visit);
  const [problem] = source.parseDiagnostics;
  return { words, imports, problem: problem === undefined ? undefined : ts.flattenDiagnosticMessageText(problem.messageText, ' ') };
}

/** The leaves of the tree, so that a pattern or a template is what it is. */
function wordsIn(node: ts.Node, source: ts.SourceFile, words: string[]): void {
  if (ts.isJSDoc(node)) return;
  const children = node.getChildren(source);
  if (children.length === 0) words.push(node.getText(source));
  else for (const child of children) wordsIn(child, source, words);
}

function namesIn({ importClause, moduleSpecifier }: ts.ImportDeclaration, source: ts.SourceFile): string[] {
  const from = `from ${moduleSpecifier.getText(source)}`;
  const bindings = importClause?.namedBindings;
  const named = bindings === undefined ? [] : ts.isNamespaceImport(bindings) ? [bindings.getText(source)] : bindings.elements.map((element) => element.getText(source));
  // The module itself: `import 'x'` may be left of any import of it.
  return [...(importClause?.name === undefined ? [] : [importClause.name.text]), ...named, ''].map((name) => `${name} ${from}`.trim());
}
