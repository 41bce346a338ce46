/** What limits cost, against the same tool loop without any; `kit` is what the kernel's benchmarks are made with. */
import { quota } from '@omnipaw/quota';

/** So much that none of it is ever used up: what is measured is the counting. */
const PLENTY = { hard: 1e12, soft: 9e11 };
const LIMITS = { maxTicks: PLENTY, maxToolCalls: PLENTY, maxTokens: PLENTY, maxMemoryKeys: PLENTY, maxChildren: PLENTY, 'call:no*': PLENTY };

const contenders = {
  'a quota for nobody': () => [quota()],
  'a quota of six limits for each': () => [quota({ defaults: { worker: LIMITS } })],
  'the same, and a rate of calls for each': () => [quota({ defaults: { worker: LIMITS }, rates: [{ per: 'agent', calls: 1e6, everyMs: 1, over: 'delay' }] })],
  'a limit on the log for each': () => [quota({ defaults: { worker: { maxLogBytes: PLENTY } } })],
  'a limit on the processor for each': () => [quota({ defaults: { worker: { maxCpuMs: PLENTY } } })],
};

export function suitesWith({ durableLoop, takeTurns, spread, ratioOf, perSecond }) {
  async function costs({ rounds, onRound }, { options, of, names }) {
    const run = (extensions) => async (directory) => {
      const { ms } = await durableLoop({ ...options, directory, extensions: extensions() });
      return { ms, steps: options.agents * options.steps };
    };
    const runs = Object.fromEntries(names.map((name) => [name, run(contenders[name])]));
    const results = await takeTurns({ bare: run(() => []), ...runs }, rounds, onRound);
    return [
      { name: of, unit: 'steps/s', ...spread(results.bare, perSecond) },
      ...names.map((name) => ({ name: `the same, with ${name}`, unit: 'steps/s', ...spread(results[name], perSecond), ratio: ratioOf(results, name, 'bare', perSecond), of: 'the same without it' })),
    ];
  }

  return {
    /** Beside the durable loop it has to be small; without a disk, all of it is to be seen. */
    quota: async ({ rounds, scale, onRound }) => {
      const names = Object.keys(contenders);
      const [agents, steps] = [100, Math.round(1000 * scale)];
      return [
        ...(await costs({ rounds, onRound }, { options: { agents, steps }, of: 'durable tool loop, 100 agents', names: names.slice(0, 3) })),
        ...(await costs({ rounds, onRound }, { options: { agents, steps, store: 'none' }, of: 'tool loop without a disk, 100 agents', names })),
      ];
    },
  };
}
