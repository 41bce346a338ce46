import path from 'node:path';

/** Whether a place is a directory, or in it, going by their names alone: both absolute, and free of links. */
export function liesWithin(directory: string, place: string): boolean {
  const way = path.relative(directory, place);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}
