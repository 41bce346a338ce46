/**
 * What the swarm may use, and what of it each part is given: enough for a hundred thousand files that all have something to do, and
 * an end to whatever goes wrong.
 *
 * The parts are given their shares of ticks, calls and the processor; members of a part share what it has. Of the rest all use what there is of the
 * coordinator's.
 */
import type { ResourceQuota } from '@omnipaw/quota';

export type Budgets = Readonly<Record<'coordinator' | 'reading' | 'planner' | 'patching' | 'chair' | 'writer', ResourceQuota>>;

const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;
const MEGABYTE = 1_000_000;

export const BUDGETS = {
  coordinator: {
    maxTicks: upTo(1_000_000),
    maxToolCalls: upTo(500_000),
    maxCpuMs: upTo(1_200 * SECOND_MS),
    maxMemoryBytes: upTo(1_000 * MEGABYTE),
    maxLogBytes: upTo(4_000 * MEGABYTE),
    maxWallMs: upTo(6 * HOUR_MS),
    maxChildren: 3_000,
  },
  reading: { maxTicks: upTo(300_000), maxToolCalls: upTo(140_000), maxCpuMs: upTo(300 * SECOND_MS) },
  // It calls no tool.
  planner: { maxTicks: 10, maxToolCalls: 0, maxCpuMs: upTo(100 * SECOND_MS) },
  patching: { maxTicks: upTo(300_000), maxToolCalls: upTo(140_000), maxCpuMs: upTo(300 * SECOND_MS) },
  // With the jurors.
  chair: { maxTicks: upTo(140_000), maxToolCalls: upTo(100_000), maxCpuMs: upTo(200 * SECOND_MS) },
  writer: { maxTicks: upTo(20_000), maxToolCalls: upTo(20_000), maxCpuMs: upTo(100 * SECOND_MS) },
} as const satisfies Budgets;

/** With a warning in the log once four fifths are used. */
function upTo(hard: number): { readonly hard: number; readonly soft: number } {
  return { hard, soft: hard * 0.8 };
}
