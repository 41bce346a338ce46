/** Beside the types, whose declarations need nothing of valibot's that way. */
import * as v from 'valibot';
import { callback, optionsOf, timeoutMs } from '../schemas/options.js';
import { within, withoutNul } from '../schemas/values.js';
import type { BashOptions } from './options.js';

/** The processes of a local command: as many as Linux has ids for, with four threads each. */
export const maxProcesses = within(1, 1_000_000);
export const environment = v.record(v.string(), v.optional(v.string()));

const variable = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable: letters, digits and _'));

export const bashOptions = optionsOf<keyof BashOptions>({
  variables: v.array(variable),
  env: v.record(variable, withoutNul),
  timeoutMs,
  onOutput: callback,
  recordsProgress: v.boolean(),
});

export const localRunnerOptions = optionsOf<'namespaces'>({ namespaces: v.picklist(['none']) }, { environment, maxProcesses });
