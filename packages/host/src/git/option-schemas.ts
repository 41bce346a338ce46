/** Beside the types, whose declarations need nothing of valibot's that way. */
import * as v from 'valibot';
import { optionsOf, text } from '../schemas/options.js';
import type { GitOptions } from './options.js';

export const gitOptions = optionsOf<keyof GitOptions>({ home: text, around: v.boolean(), contained: v.boolean() });
