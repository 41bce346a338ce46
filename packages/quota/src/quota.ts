import { nodePorts, type Extension } from '@omnipaw/kernel';
import { QuotaEnforcer } from './enforcer.js';
import { ResourceLedger, type LedgerOptions } from './ledger.js';

export type QuotaOptions = LedgerOptions;

/** An extension that limits what agents use, with the ledger of what they have used. */
export interface QuotaExtension extends Extension {
  readonly ledger: ResourceLedger;
}

/** Raised when the same limits would decide otherwise. */
const VERSION = '1';

/**
 * Limits for the agents of one kernel: `createKernel({ extensions: [quota({ defaults: { reader: { maxToolCalls: 50 } } })] })`.
 *
 * Agents have the limits of their `quota`, and beside them the defaults of their type. Throws `QUOTA_INVALID` for a quota that is none,
 * and a TypeError for a rate or an option that is none. Each kernel, replay and what-if needs one of its own.
 */
export function quota(options: QuotaOptions = {}): QuotaExtension {
  const ledger = new ResourceLedger(options);
  return Object.freeze({
    name: 'quota',
    // A log tells by it whether it was written under the same limits.
    version: `${VERSION}-${nodePorts.codec.sha256(JSON.stringify(options)).slice(0, 12)}`,
    ledger,
    guard: new QuotaEnforcer(ledger),
    projection: ledger,
    assertSeen: () => { ledger.assertSeen(); },
  });
}
