import type { Histogram, Meter } from '@opentelemetry/api';
import * as names from './names.js';
import { countedBy } from './totals.js';

/** A share of a limit that is used, as the ledger of `@omnipaw/quota` tells it. */
export interface QuotaReport {
  all(): readonly { readonly type: string; readonly limits: readonly { readonly resource: string; readonly hard: number; readonly used: number }[] }[];
}

export type Instruments = ReturnType<typeof makeInstruments>;

/** From half a millisecond to two minutes: a call may be a look into memory or a model that thinks. */
const LATENCIES_MS = [0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000];
const SYNCS_MS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 1_000];

const made = new WeakMap<Meter, Instruments>();

/**
 * The instruments of a meter: one set for all kernels of the process, whose numbers add up.
 *
 * None has a unit, since those that have one get another name in Prometheus by way of a collector than by a scrape; names end in what they
 * count or measure instead.
 */
export function instrumentsOf(meter: Meter): Instruments {
  const known = made.get(meter);
  if (known !== undefined) return known;
  const instruments = makeInstruments(meter);
  made.set(meter, instruments);
  return instruments;
}

function makeInstruments(meter: Meter) {
  const counter = (name: string, description: string) => countedBy(meter, `omnipaw.${name}.total`, { description });
  const level = (name: string, description: string) => countedBy(meter, `omnipaw.${name}`, { description, isLevel: true });
  const instruments = {
    ticks: counter('ticks', 'Ticks that have run, by outcome.'),
    agentsActive: level('agents.active', 'Agents that have not ended.'),
    agentsEnded: counter('agents.ended', 'Agents that have ended, by how.'),
    calls: counter('tools.calls', 'Tool calls that have an outcome, by error.'),
    callsOpen: level('tools.open', 'Tool calls without an outcome yet: those that run, and those that wait for the disk, for a place, or for the next attempt.'),
    callsRunning: level('tools.running', 'Attempts under way.'),
    retries: counter('tools.retries', 'Attempts that failed and are repeated.'),
    denials: counter('denials', 'What programs asked for and were refused.'),
    delays: counter('delays', 'Tool calls that a guard has let wait.'),
    mail: level('mailbox.depth', 'Messages that nobody has received yet.'),
    entries: counter('log.entries', 'Entries of the log.'),
    backlog: level('log.backlog', 'Entries that are not durable yet.'),
    tokens: counter('usage.tokens', 'Tokens that tools say they used.'),
    cost: counter('usage.cost', 'Money that tools say they used, in the unit that they count in.'),
    quotaWarned: counter('quota.warned', 'Soft limits that were reached.'),
    quotaExceeded: counter('quota.exceeded', 'Hard limits that were met.'),
    replays: counter('replays', 'Replays that were reported, by verdict.'),
    divergences: counter('replay.divergences', 'Replays that did something else than the log says.'),
    latency: histogram(meter, 'omnipaw.tools.latency_ms', { description: 'Milliseconds from the start of an attempt to what came of it.', boundaries: LATENCIES_MS }),
    sync: histogram(meter, 'omnipaw.log.sync_ms', { description: 'Milliseconds that the oldest entry of a sync has waited to be durable.', boundaries: SYNCS_MS }),
    quotas: new Set<QuotaReport>(),
  };
  observeQuotas(meter, instruments.quotas);
  return instruments;
}

function histogram(meter: Meter, name: string, { description, boundaries }: { readonly description: string; readonly boundaries: number[] }): Histogram {
  return meter.createHistogram(name, { description, advice: { explicitBucketBoundaries: boundaries } });
}

/** By type of agent and resource, the largest share that is used. */
function observeQuotas(meter: Meter, quotas: ReadonlySet<QuotaReport>): void {
  const gauge = meter.createObservableGauge('omnipaw.quota.used_ratio', { description: 'The largest share of a hard limit that an agent of the type has used.' });
  gauge.addCallback((result) => {
    const shares = new Map<string, { readonly type: string; readonly resource: string; share: number }>();
    for (const quota of quotas) {
      for (const { type, limits } of quota.all()) {
        for (const { resource, hard, used } of limits) {
          const share = hard === 0 ? 1 : used / hard;
          const known = shares.get(`${type} ${resource}`);
          if (known === undefined) shares.set(`${type} ${resource}`, { type, resource, share });
          else known.share = Math.max(known.share, share);
        }
      }
    }
    for (const { type, resource, share } of shares.values()) result.observe(share, { [names.AGENT_TYPE]: type, [names.RESOURCE]: resource });
  });
}
