import { makeBridge } from './bridge.js';
import { installChance } from './chance.js';
import { installClone } from './clone.js';
import { installConsole } from './console.js';
import { installContext } from './context.js';
import { installDecoding, installEncoding } from './encoding.js';
import { removeGlobals } from './globals.js';
import { installToText } from './json.js';
import { installDescribe } from './thrown.js';
import { installTimers } from './timers.js';
import { installSearchParams, installUrl } from './url.js';

const parts = [
  ...[removeGlobals, installToText, installDescribe, installChance, installConsole, installTimers, installEncoding, installDecoding],
  ...[installClone, installSearchParams, installUrl, installContext],
];

/** A script that gives a function of `send`; the function makes a new engine a guest, and gives the `Entries` to it. */
export function preludeScript(): string {
  return `((send) => {
    'use strict';
    const guest = { global: globalThis, send };
    for (const install of [${parts.map(String).join(',\n')}]) install(guest);
    return (${String(makeBridge)})(guest);
  })`;
}
