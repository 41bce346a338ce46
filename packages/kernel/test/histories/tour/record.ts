/** Records a log of the tour in virtual time, operators included: two runs of a kernel on the same log. */
import { createKernel, MemoryLogStore, type OmniKernel } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { agents, policies, tools, tour } from './program.js';

const GRANTS = ['call:*', 'delegate:*', 'send:*', 'read:shared:team/**', 'write:shared:team/**'];

export async function recordTour(): Promise<MemoryLogStore> {
  const [log, time] = [new MemoryLogStore(), new VirtualTime({ seed: 'tour' })];
  await run(log, time, 2);
  await run(log, time, 30);
  return log;
}

async function run(log: MemoryLogStore, time: VirtualTime, rounds: number): Promise<void> {
  const kernel = await createKernel({ log, agents, tools, policies }, { ports: time.ports });
  const number = rounds === 2 ? '' : `-${rounds}`;
  const handle = kernel.spawn(tour, rounds, { grants: GRANTS, id: `tour${number === '' ? '-1' : number}` });
  const [waiter, lost, ended] = [1, 2, 3].map((n) => kernel.spawn(agents[4]! as never, null as never, { id: `waiter${number}-${n}` }));
  kernel.suspend(waiter!.id, 'a pause');
  kernel.send(waiter!.id, 'go', 'orders');
  await decideAll(kernel, time);
  kernel.resume(waiter!.id);
  kernel.revoke(lost!.id, 'not needed');
  kernel.send(ended!.id, 'now', 'orders');
  const outcome = time.until(handle.result()).catch((error: unknown) => error);
  await time.settle();
  await decideAll(kernel, time);
  await outcome;
  await time.until(Promise.allSettled([waiter!.result(), lost!.result(), ended!.result()]));
  await kernel.stop();
}

async function decideAll(kernel: OmniKernel, time: VirtualTime): Promise<void> {
  for (let turn = 0; turn < 40; turn++) {
    await time.advance(5);
    for (const { id, approver } of kernel.approvals()) if (approver === 'operator') kernel.decide(id, { approved: turn % 2 === 0, reason: 'as it comes' }, 'somebody');
  }
}
