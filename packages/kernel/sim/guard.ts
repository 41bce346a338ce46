import { OmniError, type Extension } from '@omnipaw/kernel';
import type { Scenario } from './scenarios.js';

declare module '@omnipaw/kernel' {
  interface EntryCatalogue {
    SCENARIO_WARNED: { readonly count: number; readonly tick: number };
  }
}

/** A guard that counts the entries, and has something to say now and then: a fold of the log, so that it replays. */
export function guardOf({ guardEvery }: Scenario): Extension[] {
  if (guardEvery === 0) return [];
  let count = 0;
  const review = (): ReturnType<NonNullable<Extension['guard']>['review']> => {
    if (count % guardEvery !== 0) return undefined;
    const record = { kind: 'SCENARIO_WARNED', data: { count, tick: count } } as const;
    const error = new OmniError('SCENARIO_LIMIT', 'too many', { failureClass: 'POLICY_VIOLATION' });
    return [{ verdict: 'warn', record } as const, { verdict: 'refuse', error } as const, { verdict: 'fault', record, error } as const][(count / guardEvery) % 3];
  };
  return [{ name: 'counter', guard: { review }, projection: { apply: () => { count++; }, save: () => count, load: (saved) => { count = saved as number; } } }];
}
