import path from 'node:path';

/** The part of `node:path` that knows one kind of paths. */
export type PathFlavour = Pick<path.PlatformPath, 'relative' | 'isAbsolute' | 'sep'>;

/** The path of a file in a folder, with `/`; undefined if it lies outside, or is the folder. Both are real and absolute. */
export function pathInside(folder: string, file: string, flavour: PathFlavour = path): string | undefined {
  const relative = flavour.relative(folder, file);
  if (relative === '' || relative === '..' || relative.startsWith(`..${flavour.sep}`) || flavour.isAbsolute(relative)) return undefined;
  return relative.split(flavour.sep).join('/');
}

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
