/** What a call takes beside time. Whole numbers: sums of fractions are not what they look like. */
export interface Usage {
  /** Of a model. */
  readonly tokens?: number;
  /** Money, in the smallest unit that you count: thousandths of a cent, for instance. */
  readonly cost?: number;
}

/** A copy of known amounts; throws a TypeError for what is no usage. */
export function usageOf(said: Usage, tool: string): Usage {
  if (typeof (said as unknown) !== 'object' || (said as unknown) === null || said instanceof Promise) {
    throw new TypeError(`Tool "${tool}" does not say at once what it uses: { tokens, cost }.`);
  }
  const amounts = Object.entries(said) as [string, number | undefined][];
  for (const [name, amount] of amounts) {
    if (name !== 'tokens' && name !== 'cost') throw new TypeError(`Tool "${tool}" names "${name}"; it must be tokens or cost.`);
    if (amount !== undefined && (!Number.isSafeInteger(amount) || amount < 0)) {
      throw new TypeError(`Tool "${tool}" names ${name} ${String(amount)}; it must be a whole number from 0.`);
    }
  }
  const { tokens, cost } = Object.fromEntries(amounts) as Usage;
  return { ...(tokens === undefined ? {} : { tokens }), ...(cost === undefined ? {} : { cost }) };
}

export function sumOf(one: Usage, other: Usage): Usage {
  const sum: Record<string, number> = { ...one };
  for (const [name, amount] of Object.entries(other) as [string, number][]) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}
