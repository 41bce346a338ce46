/**
 * What the swarm may use, and what of it each agent is given: enough for a hundred thousand files that all have something to do, and
 * an end to whatever goes wrong.
 *
 * The three are given their parts of ticks, calls and the processor. Of the rest they use what there is of the coordinator's.
 */
import type { ResourceQuota } from '@omnipaw/quota';

export type Budgets = Readonly<Record<'coordinator' | 'reader' | 'planner' | 'patcher', ResourceQuota>>;

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;
const MEGABYTE = 1_000_000;

export const BUDGETS = {
  coordinator: {
    maxTicks: upTo(300_000),
    maxToolCalls: upTo(300_000),
    maxCpuMs: upTo(600 * SECOND_MS),
    maxMemoryBytes: upTo(500 * MEGABYTE),
    maxLogBytes: upTo(2_000 * MEGABYTE),
    maxWallMs: upTo(6 * HOUR_MS),
    maxChildren: 3,
  },
  reader: { maxTicks: upTo(140_000), maxToolCalls: upTo(140_000), maxCpuMs: upTo(200 * SECOND_MS) },
  // It calls no tool.
  planner: { maxTicks: 10, maxToolCalls: 0, maxCpuMs: upTo(100 * SECOND_MS) },
  patcher: { maxTicks: upTo(140_000), maxToolCalls: upTo(140_000), maxCpuMs: upTo(200 * SECOND_MS) },
} as const satisfies Budgets;

/** With a warning in the log once four fifths are used. */
function upTo(hard: number): { readonly hard: number; readonly soft: number } {
  return { hard, soft: hard * 0.8 };
}
