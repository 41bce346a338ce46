/**
 * Rolls the declarations of a package up, one file an entry, as its users need them: what is public, and what that needs.
 *
 * Left out is what the compiler writes and nobody outside can use:
 *
 * 1. Constructors of classes that no entry exports. Nobody can name such a class to call it, and its parameters would
 *    bring half of the inside along, so they become `private constructor()`. So does one that says `@internal`: that of
 *    an exported class whose parameters only the package itself has.
 * 2. Comments on such classes, on functions of the inside, and on whole files: no editor shows them.
 */
import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import ts from 'typescript';

/** From a folder of the compiler's declarations to one file an entry in another; the first entry has what they share. */
export async function bundleTypes(entries, from, to) {
  const inputs = entries.map((entry) => resolve(from, `${entry}.d.ts`));
  leaveOutTheInside(inputs);

  const others = new Set(inputs.slice(1));
  const bundle = await rollup({
    input: Object.fromEntries(inputs.map((input) => [basename(input, '.d.ts'), input])),
    plugins: [dts()],
    onwarn: ({ message }) => { throw new Error(message); },
  });
  await bundle.write({
    dir: to,
    format: 'es',
    entryFileNames: '[name].d.ts',
    chunkFileNames: '[name].d.ts',
    minifyInternalExports: false,
    manualChunks: (id) => (others.has(id) ? undefined : entries[0]),
  });
  await bundle.close();
}

function leaveOutTheInside(inputs) {
  const program = ts.createProgram(inputs, { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, types: ['node'] });
  const published = publicDeclarations(program, inputs);
  for (const file of program.getSourceFiles()) {
    if (file.fileName.includes('/node_modules/')) continue;
    const replacements = [
      ...commentsOnFile(file.statements).map((node) => ({ node, text: '' })),
      ...file.statements.flatMap((statement) => insideOf(statement, published)),
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

function insideOf(statement, published) {
  const isInside = !published.has(statement);
  const members = statement.members ?? [];
  const constructors = members.filter((member) => ts.isConstructorDeclaration(member) && (isInside || isInternal(member)));
  const hasComments = isInside && (ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement));
  const commented = hasComments ? [statement, ...members].filter((node) => !constructors.includes(node)) : [];
  return [
    ...constructors.map((node) => ({ node, text: 'private constructor();' })),
    ...commented.flatMap(docsOf).map((node) => ({ node, text: '' })),
  ];
}

function isInternal(node) {
  return ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal');
}

function docsOf(node) {
  return node.jsDoc ?? [];
}

/** A node goes with its comment. */
function replaced(source, replacements) {
  const spans = replacements.map(({ node, text }) => ({ start: node.getStart(node.getSourceFile(), true), end: node.end, text }));
  const lastFirst = spans.sort((a, b) => b.start - a.start);
  return lastFirst.reduce((result, { start, end, text }) => result.slice(0, start) + text + result.slice(end), source);
}
