/** A rule for ESLint: imports of names that nothing in the file uses. */
import type { Rule } from 'eslint';

type ImportDeclaration = Parameters<NonNullable<Rule.RuleListener['ImportDeclaration']>>[0];
type Specifier = ImportDeclaration['specifiers'][number];

/**
 * Takes the names out, and the whole import with the last of them, but leaves what the import does: JavaScript runs the module all the same, so
 * `import './module'` stays, while TypeScript would not have run it.
 *
 * A name that a comment mentions stays, since it may be a type there, and so does every name in a file with JSX, which uses some unseen.
 */
export const unusedImports: Rule.RuleModule = {
  meta: { type: 'problem', fixable: 'code', schema: [], messages: { unused: 'nothing uses {{names}}' } },
  create(context) {
    const { sourceCode, filename } = context;
    const comments = sourceCode.getAllComments().map(({ value }) => value).join('\n');
    const isTypeScript = /\.[mc]?tsx?$/.test(filename);
    let hasJsx = false;
    const declarations: ImportDeclaration[] = [];
    const isUnused = (specifier: Specifier): boolean => {
      const { name } = specifier.local;
      const [variable] = sourceCode.getDeclaredVariables(specifier);
      return variable?.references.length === 0 && !new RegExp(`(?<![\\w$])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(comments);
    };
    const report = (node: ImportDeclaration): void => {
      const unused = node.specifiers.filter(isUnused);
      if (unused.length === 0) return;
      const used = node.specifiers.filter((specifier) => !unused.includes(specifier));
      const names = unused.map(({ local }) => local.name).join(', ');
      context.report({ node, messageId: 'unused', data: { names }, fix: (fixer) => fixer.replaceTextRange(...without(node, used)) });
    };
    /** The range to replace, and by what. */
    const without = (node: ImportDeclaration, used: readonly Specifier[]): [[number, number], string] => {
      const [start, end] = node.range!;
      const text = sourceCode.getText();
      const rest = text.slice(sourceCode.getTokenBefore(node.source)!.range[1], end);
      const isType = (node as { readonly importKind?: string }).importKind === 'type';
      if (used.length > 0) return [[start, end], `import ${isType ? 'type ' : ''}${clause(used, (specifier) => sourceCode.getText(specifier))} from${rest}`];
      if (!isTypeScript) return [[start, end], `import${rest}`];
      const lineBreak = /^[ \t]*\r?\n/.exec(text.slice(end))?.[0].length ?? 0;
      return [[start, end + lineBreak], ''];
    };
    return {
      ImportDeclaration: (node) => { declarations.push(node); },
      JSXOpeningElement: () => { hasJsx = true; },
      JSXOpeningFragment: () => { hasJsx = true; },
      'Program:exit': () => { if (!hasJsx) declarations.forEach(report); },
    };
  },
};

/** `first, * as all` or `first, { second, third as other }`. */
function clause(specifiers: readonly Specifier[], textOf: (specifier: Specifier) => string): string {
  const named = specifiers.filter(({ type }) => type === 'ImportSpecifier').map(textOf);
  const others = specifiers.filter(({ type }) => type !== 'ImportSpecifier').map(textOf);
  return [...others, ...(named.length === 0 ? [] : [`{ ${named.join(', ')} }`])].join(', ');
}
