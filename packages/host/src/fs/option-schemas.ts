/** Beside the types, whose declarations need nothing of valibot's that way. */
import * as v from 'valibot';
import { optionsOf } from '../schemas/options.js';
import type { FileOptions } from './options.js';

export const fileOptions = optionsOf<keyof FileOptions>({ contained: v.boolean() });
