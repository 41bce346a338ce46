/** Beside the types, whose declarations need nothing of valibot's that way. */
import * as v from 'valibot';
import { fileOptions } from './fs/option-schemas.js';
import { gitOptions } from './git/option-schemas.js';
import { fetchOptions } from './net/option-schemas.js';
import type { HostOptions } from './options.js';
import { optionsOf, text } from './schemas/options.js';
import { bashOptions, environment, maxProcesses } from './system/option-schemas.js';

const givenRunner = v.custom(isRunner, 'must be a runner: an object with a mode, which is not "local", and a function exec');

export const hostOptions = optionsOf<Exclude<keyof HostOptions, 'root'>>(
  { name: text, fs: fileOptions, bash: bashOptions, net: fetchOptions, git: gitOptions, runners: v.array(givenRunner), environment, maxProcesses },
  { root: text },
);

/** One that calls itself local would never be chosen: that name has the one that is there anyway. */
function isRunner(given: unknown): boolean {
  const { mode, exec } = (given ?? {}) as Readonly<Record<string, unknown>>;
  return typeof mode === 'string' && mode !== '' && mode !== 'local' && typeof exec === 'function';
}
