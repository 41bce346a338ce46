/** What a call takes beside time. Whole numbers: sums of fractions are not what they look like. */
export interface Usage {
  /** Of a model. */
  readonly tokens?: number;
  /** Money, in the smallest unit that you count: thousandths of a cent, for instance. */
  readonly cost?: number;
}

/** A copy with known amounts only; throws a TypeError for what is no usage. */
export function usageOf({ tokens, cost }: Usage, tool: string): Usage {
  for (const [name, amount] of Object.entries({ tokens, cost })) {
    if (amount !== undefined && (!Number.isSafeInteger(amount) || amount < 0)) {
      throw new TypeError(`Tool "${tool}" names ${name} ${String(amount)}; it must be a whole number from 0.`);
    }
  }
  return { ...(tokens === undefined ? {} : { tokens }), ...(cost === undefined ? {} : { cost }) };
}

export function sumOf(one: Usage, other: Usage): Usage {
  const sum: Record<string, number> = { ...one };
  for (const [name, amount] of Object.entries(other) as [string, number][]) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}
