const UNITS = ['bytes', 'kB', 'MB', 'GB'] as const;

/** Bytes in the unit that suits them, with a digit behind the point unless it is a 0. */
export function size(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${Number((bytes / 1000 ** power).toFixed(1))} ${UNITS[power]!}`;
}
