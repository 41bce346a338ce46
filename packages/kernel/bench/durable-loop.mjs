/** The durable tool loop on the kernel itself: strict durability, every check on. */
import { createKernel, defineAgent, defineTool, FileLogStore, MemoryLogStore, unchecked } from '@omnipaw/kernel';
import { join } from 'node:path';
import { argsOf, resultOf } from './workload.mjs';

/** Takes its bytes and forgets them: the cost of the kernel without that of a disk, and without the growth of a memory log. */
export class ForgetfulStore {
  open() {
    return new MemoryLogStore().open();
  }
  append() {
    return Promise.resolve();
  }
  async *read() {}
  close() {
    return Promise.resolve();
  }
}

/** What runs in the loop: a worker that calls a tool that does nothing, `steps` times in a row. `onCall` is told of each call. */
export function castOf({ steps, onCall }) {
  const noop = defineTool({
    name: 'noop',
    description: 'Answers at once.',
    input: unchecked(),
    run: async (args) => {
      onCall?.(args);
      return resultOf(args.options.offset);
    },
  });
  const worker = defineAgent('worker', function* (ctx, number) {
    let found = 0;
    for (let step = 0; step < steps; step++) {
      const answer = yield* ctx.tool(noop, argsOf(number, step));
      found += answer.matches;
    }
    return found;
  });
  return { agents: [worker], tools: [noop] };
}

/** Runs `agents` agents of `steps` sequential tool calls each; `timed` notes how long each step of agent 1 took. */
export async function durableLoop({ directory, agents, steps, timed = false, onStep, store, durability = 'strict', extensions = [], checkpoints = {} }) {
  const stepMs = [];
  let previous = performance.now();
  const told = (args) => {
    if (!args.path.startsWith('src/module-1/')) return;
    if (timed) stepMs.push(performance.now() - previous);
    onStep?.(args.options.offset);
    previous = performance.now();
  };
  const cast = castOf({ steps, onCall: timed || onStep !== undefined ? told : undefined });
  const [worker] = cast.agents;
  const log = store === 'none' ? new ForgetfulStore() : new FileLogStore(join(directory, 'kernel'));
  let syncs = 0;
  const kernel = await createKernel({ log, ...cast, durability, extensions, checkpoints });
  const stopCounting = kernel.onDurable(() => { syncs++; });
  const start = performance.now();
  const handles = Array.from({ length: agents }, (_, index) => kernel.spawn(worker, index + 1, { grants: ['call:noop'] }));
  await Promise.all(handles.map((handle) => handle.result()));
  const ms = performance.now() - start;
  stopCounting();
  await kernel.stop();
  return { ms, syncs, stepMs };
}
