/** A kernel in which everything happens that panels show: an election, votes, a swarm at work, limits, questions, failures. */
import { createKernel, defineAgent, defineTool, MemoryLogStore, unchecked, type OmniKernel } from '@omnipaw/kernel';
import { KernelSource } from '@omnipaw/dashboard';
import { quota } from '@omnipaw/quota';
import { defineSwarm, Election, mapReduce, membership, swarm, SwarmCoordinator, SwarmProtocol, type Member } from '@omnipaw/swarm';

const read = defineTool({ name: 'files.read', description: 'Pretends to read.', input: unchecked<{ path: string }>(), run: ({ path }) => `# ${path}\nTODO: say what this is for` });
const model = defineTool({
  name: 'model.ask',
  description: 'Pretends to be a model.',
  input: unchecked<{ prompt: string; maxTokens: number }>(),
  reserve: ({ maxTokens }) => ({ tokens: maxTokens }),
  run: async ({ prompt }, context) => {
    context.spend({ tokens: prompt.length * 4, cost: prompt.length * 12 });
    return `It is about ${prompt.slice(0, 24)}.`;
  },
});
const flaky = defineTool({ name: 'mail.send', description: 'Pretends to fail.', input: unchecked<{ to: string }>(), run: ({ to }) => { throw new Error(`${to} is not to be reached`); } });

const PATHS = ['src/index.ts', 'src/kernel.ts', 'src/log.ts', 'src/queue.ts', 'README.md', 'docs/memory.md', 'docs/tools.md'];
const reading = defineSwarm('reading', {
  MAP_REDUCE: mapReduce({
    split: (paths: readonly string[]) => paths,
    *work(ctx, path: string) {
      const text = yield* ctx.tool(read, { path });
      const says = yield* ctx.tool(model, { prompt: text, maxTokens: 400 });
      yield* ctx.memory.set(`notes/${path}`, { says, words: text.split(' ').length });
      return says.length;
    },
    merge: (sizes: readonly number[]) => sizes.reduce((one, other) => one + other, 0),
  }),
});

const SAILORS: readonly Member[] = ['ada', 'bob', 'cyd', 'dee', 'eve'].map((id, index) => ({ id, slot: `seat-${index + 1}` }));
const sailor = defineAgent('sailor', function* (ctx) {
  const protocol = new SwarmProtocol(ctx, { swarm: 'ship', members: SAILORS });
  const election = new Election(protocol, { heartbeatMs: 400, timeoutMs: 4_000 });
  const { leader } = yield* election.leader();
  if (election.isLeader) {
    yield* election.during(protocol.reachConsensus({ question: 'Where shall we go?', rule: 'majority', timeoutMs: 20_000 }));
    yield* election.during(protocol.requestVote('Shall we hoist the sails?', { options: ['yes', 'no'], timeoutMs: 20_000 }));
    // Its end is what the others notice.
    if (ctx.agent.id === 'ada') throw new Error('man overboard');
    yield* election.sleep(600_000);
    return 'ashore';
  }
  const wishes = ['the Azores', 'Iceland', 'the Azores', 'Madeira', 'Iceland'];
  const wish = wishes[SAILORS.findIndex(({ id }) => id === ctx.agent.id)]!;
  yield* election.during(protocol.serveConsensus({ *propose() { return wish; } }));
  yield* election.during(protocol.serveConsensus({ *propose() { return wish; }, *vote({ options }) { return wish === 'Madeira' ? 1 : options.indexOf('yes'); } }));
  yield* election.sleep(600_000);
  return leader.id;
});

const intern = defineAgent('intern', function* (ctx, topic: string) {
  yield* ctx.memory.set('topic', topic);
  return yield* ctx.shared('team').set(topic, { status: 'proposed', by: ctx.agent.id }, 0);
});
const greedy = defineAgent('greedy', function* (ctx) {
  for (let n = 0; ; n++) yield* ctx.tool(model, { prompt: `Once more, for the ${n}th time`, maxTokens: 200 });
});
const clerk = defineAgent('clerk', function* (ctx) {
  for (let n = 0; n < 6; n++) {
    yield* ctx.memory.set('page', n);
    yield* ctx.memory.set('draft', { title: 'The state of things', lines: n * 12, isDone: n === 5 });
    yield* ctx.sleep(5);
  }
  try {
    yield* ctx.tool(flaky, { to: 'everybody' });
  } catch { yield* ctx.memory.delete('page'); }
  const { version } = yield* ctx.shared('board').get('news');
  yield* ctx.shared('board').set('news', ['tea at four'], version);
});
const boss = defineAgent('boss', function* (ctx) {
  yield* ctx.delegate(clerk, null, { grants: ['call:mail.send', 'read:shared:board/**', 'write:shared:board/**'], quota: { maxTicks: 40 } });
  try {
    yield* ctx.delegate(greedy, null, { grants: ['call:model.*'], quota: { maxTokens: { hard: 1_500, soft: 800 }, maxToolCalls: 30 } });
  } catch { yield* ctx.memory.set('lesson', 'greed does not pay'); }
  yield* ctx.receive({ channel: 'go on' });
});
/** Says something now and then, for as long as it is listened to. */
const ticker = defineAgent('ticker', function* (ctx) {
  for (let n = 0; ; n++) {
    yield* ctx.memory.set('beat', n);
    yield* ctx.sleep(700);
  }
});

export interface Office {
  readonly kernel: OmniKernel;
  readonly source: KernelSource;
}

/** Opens it; with `isLively`, something goes on for as long as it is open. `directory` is what pages call it. */
export async function openOffice(directory = 'logs/office', isLively = false): Promise<Office> {
  const log = new MemoryLogStore();
  const policies = [{ name: 'interns ask first', effect: 'ESCALATE', action: 'write', resource: 'shared:team/**', agentType: 'intern' }] as const;
  const agents = [...reading.agents, sailor, intern, greedy, clerk, boss, ticker];
  const kernel = await createKernel({ log, agents, tools: [read, model, flaky], extensions: [quota(), swarm()], policies });
  for (const { id, slot } of SAILORS) kernel.spawn(sailor, null, { id, grants: ['send:*'], metadata: membership('ship', slot, { slots: SAILORS.map((sailor) => sailor.slot) }) });
  const grants = ['delegate:*', 'call:**', 'read:shared:**', 'write:shared:**'];
  kernel.spawn(boss, null, { grants, quota: { maxToolCalls: { hard: 60, soft: 40 }, maxTokens: 6_000, maxTicks: 500 } });
  const coordinator = new SwarmCoordinator(kernel, { swarm: reading, agents: 4, goal: PATHS, strategy: 'MAP_REDUCE', grants: ['call:files.read', 'call:model.ask'], budget: { maxToolCalls: 40, maxTokens: { hard: 9_000, soft: 3_000 } } });
  await coordinator.execute();
  for (const topic of ['holidays', 'a better chair', 'salaries']) kernel.spawn(intern, topic);
  const [first] = kernel.approvals();
  if (first !== undefined) kernel.decide(first.id, { approved: true, reason: 'why not' }, 'ada');
  if (isLively) kernel.spawn(ticker, null);
  return { kernel, source: new KernelSource({ kernel, log, directory }) };
}
