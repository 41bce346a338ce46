/** Records a log of a pilgrim in virtual time: a life that crashes five times, each time in the middle of something else. */
import { createKernel, type MemoryLogStore } from '@omnipaw/kernel';
import { crash, VirtualTime, type CrashPoint } from '@omnipaw/testing';
import { agents, pilgrim, tools } from './program.js';

const CRASHES: readonly CrashPoint[] = [
  // A call that is repeated; one that is not, and somebody tells what came of it; a new life; a timer; a call of which nobody knows.
  { before: ({ kind, data }) => kind === 'TOOL_RESULT' && data.tool === 'stamp' },
  { before: ({ kind, data }) => kind === 'TOOL_RESULT' && data.tool === 'pay' },
  { within: 'AGENT_CONTINUED' },
  { after: 'SLEEP_STARTED' },
  { before: ({ kind, data }) => kind === 'TOOL_RESULT' && data.tool === 'pay' },
];

export async function recordReturns(): Promise<MemoryLogStore> {
  const time = new VirtualTime({ seed: 'returns' });
  const cast = { agents, tools, time, unknownOutcomes: 'wait' } as const;
  let log: MemoryLogStore | undefined;
  for (const at of CRASHES) {
    ({ log } = await crash({ ...cast, at, ...(log === undefined ? {} : { log }) }, async (kernel) => {
      if (log === undefined) kernel.spawn(pilgrim, { round: 1, seen: [] }, { id: 'pilgrim', grants: ['call:*', 'delegate:*'] });
      for (const call of kernel.unknownCalls()) kernel.settle(call, { value: 'paid, says the bank' }, 'ada');
      await kernel.agent('pilgrim').result();
    }));
  }
  const kernel = await createKernel({ ...cast, log: log!, unknownOutcomes: 'throw' }, { ports: time.ports });
  kernel.send('pilgrim', 'welcome', 'home');
  await time.until(kernel.agent('pilgrim').result());
  await time.until(kernel.stop());
  return log!;
}
