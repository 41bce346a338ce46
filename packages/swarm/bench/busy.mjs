/** A swarm whose members need a processor, and nothing else. */
import { defineTool, unchecked } from '@omnipaw/kernel';
import { defineSwarm, mapReduce } from '@omnipaw/swarm';

export const busyWork = defineTool({
  name: 'busy',
  description: 'Keeps a processor busy for about 20 ms.',
  input: unchecked(),
  idempotent: true,
  run: ({ number }) => {
    let state = number;
    for (let step = 0; step < 15_000_000; step++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state;
  },
});

export const busy = defineSwarm('busy', {
  MAP_REDUCE: mapReduce({
    split: (count) => Array.from({ length: count }, (_, number) => number),
    *work(ctx, number) {
      return yield* ctx.tool(busyWork, { number });
    },
    merge: (sums) => sums.reduce((one, other) => (one + other) | 0, 0),
    batch: 2,
  }),
});
