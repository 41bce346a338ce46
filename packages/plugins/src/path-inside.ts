import path from 'node:path';

/** `path.posix`, or `path.win32`: what is needed of it. */
export interface PathFlavour {
  readonly sep: string;
  resolve(...paths: string[]): string;
  relative(from: string, to: string): string;
  isAbsolute(path: string): boolean;
}

/** The path of a file in a folder, with `/`; undefined if it lies outside, or is the folder. Both are real and absolute. */
export function pathInside(folder: string, file: string, flavour: PathFlavour = path): string | undefined {
  const relative = flavour.relative(folder, file);
  if (relative === '' || relative === '..' || relative.startsWith(`..${flavour.sep}`) || flavour.isAbsolute(relative)) return undefined;
  return relative.split(flavour.sep).join('/');
}
