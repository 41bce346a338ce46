import { OmniError, type Extension } from '@omnipaw/kernel';
import type { Scenario } from './scenarios.js';

declare module '@omnipaw/kernel' {
  interface EntryCatalogue {
    SCENARIO_WARNED: { readonly count: number; readonly tick?: number; readonly deadline?: number };
  }
}

type GuardOf<Question extends 'review' | 'reviewTick'> = NonNullable<NonNullable<Extension['guard']>[Question]>;

/** A guard that counts the entries, and has something to say now and then: a fold of the log, so that it replays. */
export function guardOf({ guardEvery }: Scenario): Extension[] {
  if (guardEvery === 0) return [];
  let [count, now] = [0, 0];
  const said = (): { readonly warn: object; readonly fault: object; readonly error: OmniError } => {
    const record = { kind: 'SCENARIO_WARNED', data: { count, tick: count } } as const;
    const error = new OmniError('SCENARIO_LIMIT', 'too many', { failureClass: 'POLICY_VIOLATION' });
    return { warn: { verdict: 'warn', record }, fault: { verdict: 'fault', record, error }, error };
  };
  const review: GuardOf<'review'> = ({ kind }) => {
    if (kind === 'TOOL_CALLED' && count % guardEvery === 3) return { verdict: 'delay', untilMs: now + count };
    if (count % guardEvery !== 0) return undefined;
    const { warn, fault, error } = said();
    return [warn, { verdict: 'refuse', error }, fault][(count / guardEvery) % 3] as ReturnType<typeof review>;
  };
  const reviewTick: GuardOf<'reviewTick'> = ({ tick }) => {
    if (count % guardEvery === 1) return { verdict: 'measure', limitMs: 1_000 };
    if (count % guardEvery === 2) return { verdict: 'warn', record: { kind: 'SCENARIO_WARNED', data: { count, tick: tick + 1, deadline: now + count } } };
    return count % (guardEvery * 3) === 4 ? (said().fault as ReturnType<typeof reviewTick>) : undefined;
  };
  const apply = ({ time }: { readonly time: number }): void => {
    count++;
    now = Math.max(now, time);
  };
  const load = (saved: unknown): void => { [count, now] = saved as [number, number]; };
  return [{ name: 'counter', guard: { review, reviewTick }, projection: { apply, save: () => [count, now], load } }];
}
