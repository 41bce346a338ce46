/** How fast a log is replayed: against the live run that wrote it, against a bare limit, and as it grows. */
import { join } from 'node:path';
import { FileLogReader, replay } from '@omnipaw/kernel';
import { hashAndParseLines } from './bare.mjs';
import { castOf, durableLoop } from './durable-loop.mjs';
import { perSecond, ratioOf, spread, takeTurns, withDirectory } from './measure.mjs';

async function timed(work) {
  const start = performance.now();
  const steps = await work();
  return { steps, ms: performance.now() - start };
}

const replayed = (log, cast) => timed(async () => {
  const { replay: verdict, entries } = await replay(new FileLogReader(log), cast);
  if (verdict !== 'REPRODUCED') throw new Error(`The replay is ${verdict}.`);
  return entries;
});

/** A run in strict durability, then the replay of its log, then the bare limit on the same bytes: three figures a round. */
async function rounds({ agents, steps, count, onRound }) {
  const run = async (directory) => {
    const { ms } = await durableLoop({ directory, agents, steps });
    const log = join(directory, 'kernel');
    const again = await replayed(log, castOf({ steps }));
    return { live: { steps: again.steps, ms }, replay: again, bare: await timed(() => hashAndParseLines(log)) };
  };
  const results = (await takeTurns({ run }, count, onRound)).run;
  return Object.fromEntries(['live', 'replay', 'bare'].map((name) => [name, results.map((result) => result[name])]));
}

export async function replaySpeed({ rounds: count, scale, onRound }) {
  const rows = [];
  for (const [agents, steps] of [[1, 5000], [100, 1000]]) {
    const results = await rounds({ agents, steps: Math.round(steps * scale), count, onRound });
    const who = agents === 1 ? '1 agent' : `${agents} agents`;
    const figure = { unit: 'entries/s', ...spread(results.replay, perSecond) };
    rows.push({
      name: `replay of the durable tool loop, ${who}`,
      ...figure,
      ratio: ratioOf(results, 'replay', 'live', perSecond),
      of: 'the live run that wrote the log',
      notes: { liveEntriesPerSecond: Math.round(spread(results.live, perSecond).median) },
    }, {
      name: `the same replay, ${who}`,
      ...figure,
      bare: spread(results.bare, perSecond).median,
      ratio: ratioOf(results, 'replay', 'bare', perSecond),
      of: 'splitting lines + SHA-256 + JSON.parse of each',
    });
  }
  return rows;
}

/** Whether an entry costs more the longer the log is. */
export async function replayGrowth({ rounds: count, scale, onRound }) {
  return withDirectory(async (directory) => {
    const contenders = {};
    for (const entries of [10_000, 100_000, 1_000_000].map((size) => Math.round(size * scale))) {
      const options = { agents: 100, steps: Math.ceil(entries / 200), durability: 'relaxed', checkpoints: false };
      const place = join(directory, String(entries));
      await durableLoop({ directory: place, ...options });
      contenders[entries] = () => replayed(join(place, 'kernel'), castOf(options));
    }
    const results = await takeTurns(contenders, Math.min(count, 3), onRound);
    const [smallest] = Object.keys(contenders);
    const microseconds = ({ steps, ms }) => (ms / steps) * 1000;
    return Object.keys(contenders).map((entries) => ({
      name: `replay of ${Number(entries).toLocaleString('en-US')} entries, 100 agents, each`,
      unit: 'µs',
      ...spread(results[entries], microseconds),
      ...(entries === smallest ? {} : { ratio: ratioOf(results, entries, smallest, microseconds), of: 'an entry of the shortest log' }),
      point: { curve: 'replay', entries: Number(entries), ms: spread(results[entries], ({ ms }) => ms).median },
    }));
  });
}
