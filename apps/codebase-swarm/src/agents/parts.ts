/** Where a model can come in: who plans and who patches are parts that can be exchanged. */
import type { Grant, Tool } from '@omnipaw/kernel';
import { patchAsPlanned, type Patching } from './patching.js';
import { planByRules, type Planning } from './planner.js';

export interface Parts {
  readonly plan: Planning;
  readonly patch: Patching;
  /** What these two call beside the tools that there are: a model, for instance. */
  readonly tools: readonly Tool[];
  /** What planner and patchers are granted beside what they have: `call:model.*`. */
  readonly grants: readonly (Grant | string)[];
}

/** Without any model. */
export const RULES: Parts = Object.freeze({ plan: planByRules, patch: patchAsPlanned, tools: [], grants: [] });
