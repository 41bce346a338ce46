import type { Extension } from '@omnipaw/kernel';
import { SwarmGuard } from './guard.js';
import { SwarmLedger } from './ledger.js';

/** An extension that holds swarms to the rules of their elections, with the ledger of what they do. */
export interface SwarmExtension extends Extension {
  readonly ledger: SwarmLedger;
}

/** Raised when the same log would be decided otherwise. */
const VERSION = '1';

/** For kernels with swarms: `createKernel({ extensions: [swarm()] })`. Each kernel, replay and what-if needs one of its own. */
export function swarm(): SwarmExtension {
  const ledger = new SwarmLedger();
  return Object.freeze({ name: 'swarm', version: VERSION, ledger, guard: new SwarmGuard(ledger), projection: ledger });
}
