import { createKernel, defineAgent, MemoryLogStore, replay } from '@omnipaw/kernel';
import { quota } from '@omnipaw/quota';
import { afterEach, expect, test } from 'vitest';
import { otel, reportReplay } from '@omnipaw/otel';
import { AGENTS, lead, LEAD_GRANTS, TOOLS } from './support/cast.js';
import { entriesOf } from './support/log-tree.js';
import { numbersIn } from './support/log-numbers.js';
import { runLead } from './support/run.js';
import { register, unregister } from './support/sdk.js';

afterEach(unregister);

test('the numbers of a run are those of its log', async () => {
  const sdk = register();
  const entries = await entriesOf(await runLead({ extension: otel(), workers: 3 }));
  const numbers = await sdk.numbers();
  expect(numbers).toMatchObject(numbersIn(entries));
  expect(numbers['omnipaw.log.sync_ms']).toBeGreaterThan(0);
});

test('numbers of kernels that follow each other, or run beside each other, add up', async () => {
  const sdk = register();
  const logs = await Promise.all([runLead({ extension: otel() }), runLead({ extension: otel(), workers: 1 })]);
  logs.push(await runLead({ extension: otel() }));
  const entries = (await Promise.all(logs.map(entriesOf))).flat();
  expect(await sdk.numbers()).toMatchObject(numbersIn(entries));
});

test('levels are those of what runs, and of what an earlier kernel has left', async () => {
  const sdk = register();
  const waiting = defineAgent('waiting', function* (ctx) { yield* ctx.receive({ channel: 'never' }); });
  const log = new MemoryLogStore();
  const first = await createKernel({ log, agents: [waiting], extensions: [otel()] });
  first.spawn(waiting, null);
  first.send('waiting-1', 'hello');
  const levels = { 'omnipaw.agents.active{omnipaw.agent.type="waiting"}': 1, 'omnipaw.mailbox.depth': 1 };
  expect(await sdk.numbers()).toMatchObject(levels);
  await first.stop();
  expect(await sdk.numbers()).toMatchObject({ 'omnipaw.agents.active{omnipaw.agent.type="waiting"}': 0, 'omnipaw.mailbox.depth': 0, 'omnipaw.log.backlog': 0 });
  const second = await createKernel({ log, agents: [waiting], extensions: [otel()] });
  expect(await sdk.numbers()).toMatchObject(levels);
  await second.stop();
});

test('the share of a quota that is used is measured, and limits that were met are counted', async () => {
  const sdk = register();
  const limits = quota({ defaults: { worker: { maxToolCalls: { hard: 4, soft: 2 } } } });
  const kernel = await createKernel({ log: new MemoryLogStore(), agents: AGENTS, tools: TOOLS, extensions: [limits, otel({ quota: limits.ledger })] });
  await kernel.spawn(lead, 1, { grants: LEAD_GRANTS }).result();
  expect(await sdk.numbers()).toMatchObject({
    'omnipaw.quota.used_ratio{omnipaw.agent.type="worker",omnipaw.quota.resource="maxToolCalls"}': 0.75,
    'omnipaw.quota.warned.total{omnipaw.quota.resource="maxToolCalls"}': 1,
  });
  await kernel.stop();
});

test('a replay is counted by who reports it', async () => {
  const sdk = register();
  const log = await runLead({ extension: otel() });
  const other = AGENTS.map((agent) => (agent.type === 'worker' ? defineAgent('worker', function* () { return 0; }) : agent));
  reportReplay(await replay(log, { agents: AGENTS, tools: TOOLS, extensions: [otel()] }));
  reportReplay(await replay(log, { agents: other, tools: TOOLS, extensions: [otel()] }));
  expect(await sdk.numbers()).toMatchObject({ 'omnipaw.replays.total{omnipaw.replay.verdict="REPRODUCED"}': 1, 'omnipaw.replays.total{omnipaw.replay.verdict="DIVERGED"}': 1, 'omnipaw.replay.divergences.total': 1 });
});
