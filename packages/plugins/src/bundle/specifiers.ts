/** Why nothing can be imported by this name, in words; undefined if that is to be looked up. */
export function refusalOfSpecifier(specifier: string): string | undefined {
  if (/[\0\\]/.test(specifier)) return 'has a backslash or NUL in it';
  if (specifier.startsWith('/')) return 'is an absolute path';
  // A drive is one letter.
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(specifier)?.[1];
  if (scheme === undefined) return undefined;
  if (scheme === 'node') return 'is a module of Node, which plugins do not have. Use what `ctx` gives';
  return scheme.length === 1 ? 'is an absolute path' : `is a URL (${scheme}:)`;
}
