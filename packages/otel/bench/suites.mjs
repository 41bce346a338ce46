/** What telemetry costs beside the durable tool loop without it; `kit` is what the kernel's benchmarks are made with. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { otel } from '@omnipaw/otel';
import { TelemetryProvider } from '@omnipaw/otel/sdk';

export function suitesWith({ durableLoop, takeTurns, spread, ratioOf, perSecond }) {
  async function costs({ rounds, onRound }, url, { agents, steps, of }) {
    const run = (extensions) => async (directory) => {
      const { ms } = await durableLoop({ agents, steps, directory, extensions });
      return { ms, steps: agents * steps };
    };
    /** What is exported is exported while the loop runs; what is left of it then is no part of the time. */
    const exporting = (environment) => async (directory) => {
      const telemetry = TelemetryProvider.start({ environment: { OTEL_EXPORTER_ENDPOINT: url, OTEL_LOGS_EXPORTER: 'none', ...environment } });
      const result = await run([otel()])(directory);
      await telemetry.shutdown(60_000);
      return { ...result, ...telemetry.spans };
    };
    const contenders = {
      'telemetry, and no SDK': (directory) => run([otel()])(directory),
      'metrics': exporting({ OTEL_TRACES_EXPORTER: 'none' }),
      'metrics, and one trace in ten': exporting({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' }),
      'metrics, and all traces': exporting({}),
    };
    const results = await takeTurns({ bare: run([]), ...contenders }, rounds, onRound);
    const lost = (name) => results[name].reduce((sum, { dropped = 0, failed = 0, waiting = 0 }) => sum + dropped + failed + waiting, 0);
    const ended = (name) => results[name].reduce((sum, { ended = 0 }) => sum + ended, 0);
    return [
      { name: of, unit: 'steps/s', ...spread(results.bare, perSecond) },
      ...Object.keys(contenders).map((name) => ({
        name: `the same, with ${name}`, unit: 'steps/s', ...spread(results[name], perSecond), ratio: ratioOf(results, name, 'bare', perSecond), of: 'the same without it',
        ...(ended(name) === 0 ? {} : { notes: { 'spans ended': ended(name), lost: lost(name) } }),
      })),
    ];
  }

  return {
    otel: async ({ rounds, scale, onRound }) => {
      const collector = new Worker(new URL('./collector.mjs', import.meta.url));
      const [port] = await once(collector, 'message');
      const url = `http://127.0.0.1:${port}`;
      try {
        return [
          ...(await costs({ rounds, onRound }, url, { agents: 1, steps: Math.round(5_000 * scale), of: 'durable tool loop, 1 agent' })),
          ...(await costs({ rounds, onRound }, url, { agents: 100, steps: Math.round(500 * scale), of: 'durable tool loop, 100 agents' })),
        ];
      } finally {
        await collector.terminate();
      }
    },
  };
}
