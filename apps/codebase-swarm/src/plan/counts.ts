/** How many of what: pure. */

export type Counts<Name extends string> = Readonly<Partial<Record<Name, number>>>;

export function countsOf<Name extends string>(names: readonly Name[]): Record<Name, number> {
  const counts = new Map<Name, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries(counts) as Record<Name, number>;
}

export function addCounts<Name extends string>(one: Counts<Name>, other: Counts<Name>): Record<Name, number> {
  const counts = new Map(Object.entries<number | undefined>(one) as [Name, number][]);
  for (const [name, count] of Object.entries<number | undefined>(other) as [Name, number][]) counts.set(name, (counts.get(name) ?? 0) + count);
  return Object.fromEntries(counts) as Record<Name, number>;
}
