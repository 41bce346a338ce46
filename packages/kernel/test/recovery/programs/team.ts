/**
 * Opens the log in a directory, with whatever it holds, and lets the team of `../team.ts` work until it has ended.
 *
 * Prints a line of JSON for each thing that has left the kernel, and for each step of its own way; each effect is a line in the file
 * `effects`. The team goes on for as long as there is no file `enough`.
 */
import { existsSync, writeSync, openSync } from 'node:fs';
import { createKernel, FileLogStore, OmniError, type OmniKernel } from '@omnipaw/kernel';
import { agents, isApproved, policies, team, toolsIn, type Effect } from '../team.js';

const [log = '', outside = ''] = process.argv.slice(2);
const effects = openSync(`${outside}/effects`, 'a');

function print(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

const tools = toolsIn({
  act: (effect: Effect) => {
    writeSync(effects, `${JSON.stringify(effect)}\n`);
    print({ acted: effect.key });
  },
  sleep: (delayMs) => new Promise((resolve) => { setTimeout(resolve, delayMs); }),
  goesOn: () => !existsSync(`${outside}/enough`),
});

/** Answers as an operator, for as long as there is anything to ask. */
function decide(kernel: OmniKernel): void {
  for (const { id, approver, instruction } of kernel.approvals()) {
    if (approver !== 'operator') continue;
    const { what } = (instruction as { readonly args: { readonly what: string } }).args;
    kernel.decide(id, { approved: isApproved(what), reason: 'by its number' }, 'the operator');
  }
}

function isHere(kernel: OmniKernel, agent: string): boolean {
  try {
    kernel.agent(agent);
    return true;
  } catch (error) {
    if (error instanceof OmniError && error.code === 'AGENT_NOT_FOUND') return false;
    throw error;
  }
}

print({ begun: true });
const kernel = await createKernel({
  log: new FileLogStore(log, { segmentBytes: 30_000 }),
  agents, tools, policies,
  checkpoints: { everyEntries: 40 },
  maxConcurrentToolCalls: 8,
  onProblem: ({ code, message }) => { print({ problem: `${code}: ${message}` }); },
});
print({ opened: kernel.entryCount });

/** Says what came of an agent once that has left the kernel. */
async function tell(id: string): Promise<void> {
  print({ acknowledged: id, result: await kernel.agent(id).result() });
}

kernel.subscribe(({ kind, agent, data }) => {
  if (kind === 'AGENT_SPAWNED' && data.parent !== null) void tell(agent!);
});
for (const { id, type, input, grants } of team) if (!isHere(kernel, id)) kernel.spawn(type, input, { id, grants });
const operator = setInterval(() => { decide(kernel); }, 1);
await Promise.all(team.map(({ id }) => tell(id)));
clearInterval(operator);
await kernel.stop();
print({ head: kernel.head });
