/**
 * Rolls the declarations of a package up, one file an entry, as its users need them: what is public, and what that needs.
 *
 * Left out is what the compiler writes and nobody outside can use:
 *
 * 1. Constructors of classes that no entry exports. Nobody can name such a class to call it, and its parameters would
 *    bring half of the inside along, so they become `private constructor()`. So does one that says `@internal`: that of
 *    an exported class whose parameters only the package itself has.
 * 2. Members of classes that say `@internal`: only the package itself calls them.
 * 3. Comments on such classes, on functions of the inside, and on whole files: no editor shows them.
 */
import { writeFileSync } from 'node:fs';
import { basename, isAbsolute, resolve, sep } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';

/** From a folder of the compiler's declarations to one file an entry in another; the first entry has what they share. */
export async function bundleTypes(entries, from, to) {
  const inputs = entries.map((entry) => resolve(from, `${entry}.d.ts`));
  leaveOutTheInside(inputs, resolve(from) + sep);

  const bundle = await rollup({
    input: Object.fromEntries(inputs.map((input) => [basename(input, '.d.ts'), input])),
    plugins: [dts()],
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    onwarn: ({ message }) => { throw new Error(message); },
  });
  await bundle.write({
    plugins: [{ name: 'narrow indentation', renderChunk: (code) => code.replace(/^(?: {4})+/gm, (indent) => ' '.repeat(indent.length / 4)) }],
    dir: to,
    format: 'es',
    entryFileNames: '[name].d.ts',
    chunkFileNames: '[name].d.ts',
    minifyInternalExports: false,
    manualChunks: (id, { getModuleInfo }) => (reachableFrom(inputs[0], getModuleInfo).has(id) ? entries[0] : undefined),
  });
  await bundle.close();
}

function reachableFrom(entry, getModuleInfo) {
  const reachable = new Set([entry]);
  for (const id of reachable) for (const imported of getModuleInfo(id).importedIds) reachable.add(imported);
  return reachable;
}

/** Of this package's own declarations: those of others, which it may import, are theirs. */
function leaveOutTheInside(inputs, folder) {
  const program = ts.createProgram(inputs, { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, types: ['node'] });
  const published = publicDeclarations(program, inputs);
  const files = program.getSourceFiles().filter(({ fileName }) => resolve(fileName).startsWith(folder));
  const extended = new Set(files.flatMap(({ statements }) => statements.flatMap(baseClasses)));
  for (const file of files) {
    const replacements = [
      ...commentsOnFile(file.statements).map((node) => ({ node, text: '' })),
      ...file.statements.flatMap((statement) => insideOf(statement, published, extended)),
    ];
    writeFileSync(file.fileName, replaced(file.text, replacements));
  }
}

/** Every declaration that an entry exports, under whatever name and through however many files. */
function publicDeclarations(program, inputs) {
  const checker = program.getTypeChecker();
  const exported = inputs.flatMap((input) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(input))));
  const origins = exported.map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol));
  return new Set(origins.flatMap(({ declarations = [] }) => declarations));
}

/** Comments before imports, and all but the last of those before a declaration. */
function commentsOnFile([first]) {
  const comments = docsOf(first);
  return ts.isImportDeclaration(first) || ts.isExportDeclaration(first) ? comments : comments.slice(0, -1);
}

function insideOf(statement, published, extended) {
  const isInside = !published.has(statement);
  const isUncallable = isInside && !extended.has(statement.name?.text);
  const members = statement.members ?? [];
  const constructors = members.filter((member) => ts.isConstructorDeclaration(member) && (isUncallable || isInternal(member)));
  const hasComments = isInside && (ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement));
  const internal = ts.isClassDeclaration(statement) ? members.filter((member) => isInternal(member) && !ts.isConstructorDeclaration(member)) : [];
  const commented = hasComments ? [statement, ...members].filter((node) => !constructors.includes(node) && !internal.includes(node)) : [];
  return [
    ...internal.map((node) => ({ node, text: '' })),
    ...constructors.map((node) => ({ node, text: 'private constructor();' })),
    ...commented.flatMap(docsOf).map((node) => ({ node, text: '' })),
  ];
}

/** The name of the class that a class extends: its constructor stays, since it may be called by that name. */
function baseClasses({ heritageClauses = [] }) {
  const clauses = heritageClauses.filter(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
  return clauses.flatMap(({ types }) => types.map(({ expression }) => expression.text));
}

function isInternal(node) {
  return ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal');
}

function docsOf(node) {
  return node.jsDoc ?? [];
}

/** A node goes with its comment. A comment may be both on a file and on what is declared first in it. */
function replaced(source, replacements) {
  const unique = new Map(replacements.map(({ node, text }) => [node, text]));
  const spans = [...unique].map(([node, text]) => ({ start: node.getStart(node.getSourceFile(), true), end: node.end, text }));
  const lastFirst = spans.sort((a, b) => b.start - a.start);
  return lastFirst.reduce((result, { start, end, text }) => result.slice(0, start) + text + result.slice(end), source);
}
