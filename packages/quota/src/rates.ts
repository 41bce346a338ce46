import { matches, parseGrant, type Usage } from '@omnipaw/kernel';
import { fullBucket, take, waitMs, type Bucket, type BucketRate } from './bucket.js';
import { assertNames, shown } from './options.js';

/** How fast tools may be called: so many calls, or tokens that calls reserve, in an interval. */
export interface RateLimit {
  /** Who shares it: the calls of one agent, those of one tool, or all of the kernel. */
  readonly per: 'agent' | 'tool' | 'kernel';
  /** A pattern of tools' names; all of them unless given. */
  readonly tool?: string;
  /** So many calls, or so many tokens: one of the two. */
  readonly calls?: number;
  readonly tokens?: number;
  readonly everyMs: number;
  /** How many can come at once; as many as in an interval unless given. */
  readonly burst?: number;
  /** What becomes of a call that comes too soon: it waits its turn, or the program is told with `RATE_LIMITED`. */
  readonly over: 'delay' | 'refuse';
}

/** A call as rates see it. */
export interface RatedCall {
  readonly agent: string;
  readonly tool: string;
  readonly reserved: Usage | undefined;
}

/** How long a call has to wait by a rate that it is too early for. */
export interface TooSoon {
  readonly rate: RateLimit;
  /** Infinity for a call that wants more than ever comes at once. */
  readonly waitMs: number;
}

interface Rule extends BucketRate {
  readonly limit: RateLimit;
}

/** What rates have let through, in a bucket for each who shares one. */
export class Rates {
  readonly #rules: readonly Rule[];
  readonly #buckets = new Map<string, Bucket>();

  /** Throws a TypeError for what is no rate. */
  constructor(limits: readonly RateLimit[]) {
    this.#rules = limits.map(ruleOf);
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** What a call is too early for at this moment (milliseconds since the epoch). */
  tooSoon(call: RatedCall, now: number): readonly TooSoon[] {
    return this.#rulesFor(call).flatMap((rule) => {
      // To ask changes nothing: only what is recorded does.
      const bucket = this.#buckets.get(this.#keyOf(rule, call)) ?? fullBucket(rule, now);
      const units = unitsOf(rule, call);
      // Whoever takes nothing need not wait for others.
      const wait = units === 0 ? 0 : waitMs(bucket, units, { rate: rule, now });
      return wait === 0 ? [] : [{ rate: rule.limit, waitMs: wait }];
    });
  }

  /** Takes what a call needs, also what is not there yet: who comes later has to wait for it. */
  take(call: RatedCall, now: number): void {
    for (const rule of this.#rulesFor(call)) this.#take(rule, call, { units: unitsOf(rule, call), now });
  }

  /** Puts back all that a call took that was not made. */
  giveBack(call: RatedCall, now: number): void {
    for (const rule of this.#rulesFor(call)) this.#take(rule, call, { units: -unitsOf(rule, call), now });
  }

  /** Puts back the tokens that a call reserved and did not use; takes more if it used more. */
  giveBackTokens(call: RatedCall, tokens: number, now: number): void {
    if (tokens === 0) return;
    for (const rule of this.#rulesFor(call)) {
      if (rule.limit.tokens !== undefined) this.#take(rule, call, { units: -tokens, now });
    }
  }

  /** Nobody will ask for its buckets any more. */
  forget(agent: string): void {
    for (const [index, { limit }] of this.#rules.entries()) if (limit.per === 'agent') this.#buckets.delete(`${index}/${agent}`);
  }

  save(): readonly (readonly [string, Bucket])[] {
    return [...this.#buckets].map(([key, bucket]) => [key, { ...bucket }]);
  }

  load(buckets: readonly (readonly [string, Bucket])[]): void {
    for (const [key, bucket] of buckets) this.#buckets.set(key, { ...bucket });
  }

  #rulesFor({ tool }: RatedCall): readonly Rule[] {
    return this.#rules.filter(({ limit }) => limit.tool === undefined || matches(limit.tool, tool));
  }

  #take(rule: Rule, call: RatedCall, { units, now }: { readonly units: number; readonly now: number }): void {
    const key = this.#keyOf(rule, call);
    const bucket = this.#buckets.get(key) ?? fullBucket(rule, now);
    take(bucket, units, { rate: rule, now });
    this.#buckets.set(key, bucket);
  }

  #keyOf(rule: Rule, { agent, tool }: RatedCall): string {
    const { per } = rule.limit;
    return `${this.#rules.indexOf(rule)}/${per === 'agent' ? agent : per === 'tool' ? tool : ''}`;
  }
}

function unitsOf({ limit }: Rule, { reserved }: RatedCall): number {
  return limit.tokens === undefined ? 1 : (reserved?.tokens ?? 0);
}

function ruleOf(limit: RateLimit): Rule {
  assertNames(limit, { what: 'a rate', known: ['per', 'tool', 'calls', 'tokens', 'everyMs', 'burst', 'over'] });
  const { per, tool, calls, tokens, everyMs, burst, over } = limit as Partial<RateLimit>;
  if (per !== 'agent' && per !== 'tool' && per !== 'kernel') throw new TypeError(`The per of a rate is ${shown(per)}; it must be agent, tool or kernel.`);
  if (over !== 'delay' && over !== 'refuse') throw new TypeError(`The over of a rate is ${shown(over)}; it must be delay or refuse.`);
  if ((calls === undefined) === (tokens === undefined)) throw new TypeError('A rate is one of calls and one of tokens; write one of the two, and two rates for both.');
  if (tool !== undefined) parseGrant(`call:${tool}`);
  const amount = (calls ?? tokens)!;
  for (const [name, value] of Object.entries({ amount, everyMs, burst: burst ?? amount })) {
    if (!Number.isSafeInteger(value) || value! < 1) throw new TypeError(`The ${name} of a rate is ${shown(value)}; it must be a whole number from 1.`);
  }
  const rule = { limit, amount, everyMs: everyMs!, burst: burst ?? amount };
  if (!Number.isSafeInteger(rule.burst * rule.everyMs)) throw new TypeError(`A rate of ${amount} in ${everyMs!} ms can't be counted exactly. Choose a shorter interval.`);
  return rule;
}
