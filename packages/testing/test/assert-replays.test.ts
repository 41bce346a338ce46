import { defineAgent, MemoryLogStore, nodePorts, type AgentDefinition } from '@omnipaw/kernel';
import { assertReplays, crash, scriptedTool, VirtualTime } from '@omnipaw/testing';
import { AssertionError } from 'node:assert';
import { expect, test } from 'vitest';
import { boot } from '../../kernel/test/support/index.js';

const add = scriptedTool<{ a: number; b: number }, number>({ name: 'add', script: ({ args: { a, b } }) => ({ value: a + b }) });
const adderOf = (b: number): AgentDefinition<number, number> => defineAgent('adder', function* (ctx, a: number) { return yield* ctx.tool(add, { a, b }); }, { version: `${b}` });
const cast = { agents: [adderOf(2)], tools: [add] };

async function record(): Promise<{ log: MemoryLogStore; head: string }> {
  const { kernel, store, until } = await boot(cast);
  await until(kernel.spawn(cast.agents[0]!, 1, { grants: ['call:add'] }).result());
  await until(kernel.stop());
  return { log: store, head: kernel.head };
}

/** What an assertion fails with. */
async function failureOf(assertion: Promise<unknown>): Promise<AssertionError> {
  const error: unknown = await assertion.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AssertionError);
  return error as AssertionError;
}

test('a log replays with the programs that wrote it, and no tool is called', async () => {
  const { log, head } = await record();
  const calls = add.calls.length;
  expect(await assertReplays(log, { ...cast, pin: head })).toMatchObject({ replay: 'REPRODUCED', completeness: 'COMPLETE' });
  expect(add.calls.length).toBe(calls);
});

test('a program that does something else is named, with the place and the difference', async () => {
  const { log } = await record();
  const error = await failureOf(assertReplays(log, { ...cast, agents: [adderOf(3)] }));
  expect(error.message).toMatch(/^The replay diverges at entry 3, agent "adder-1", tick 1: The log has TOOL_CALLED of tool "add"/);
  expect(error.message).toContain('\n  $.args.b: expected 2, actual 3\n  The program "adder" is not what it was.');
  expect([error.expected, error.actual]).toMatchObject([{ data: { args: { b: 2 } } }, { data: { args: { b: 3 } } }]);
});

test('a log that is cut, torn or damaged fails as well', async () => {
  const { log, head } = await record();
  const text = new TextDecoder().decode(log.bytes());
  const logOf = (changed: string): MemoryLogStore => new MemoryLogStore({ bytes: nodePorts.codec.utf8(changed), codec: nodePorts.codec });
  const lines = text.trimEnd().split('\n');
  expect((await failureOf(assertReplays(logOf(`${lines.slice(0, -1).join('\n')}\n`), { ...cast, pin: head }))).message).toContain('INCOMPLETE');
  expect((await failureOf(assertReplays(logOf(text.slice(0, -9)), cast))).message).toContain('TORN_TAIL');
  expect((await failureOf(assertReplays(logOf(text.replace('"a":1', '"a":7')), cast))).message).toMatch(/BROKEN.* damaged in segment memory at byte \d+/);
});

test('what a crash left replays, up to where it ends', async () => {
  const time = new VirtualTime();
  for (const at of [{ after: 'TOOL_CALLED' }, { before: 'AGENT_TERMINATED' }, { write: 1 }] as const) {
    const { log } = await crash({ at, time, ...cast }, (kernel) => kernel.spawn(cast.agents[0]!, 1, { grants: ['call:add'] }).result());
    expect((await assertReplays(log, cast)).replay).toBe('REPRODUCED');
  }
});
