import { defineAgent, type Instruction, type OmniError } from '@omnipaw/kernel';
import { scriptedTool } from '@omnipaw/testing';
import { describe, expect, it } from 'vitest';
import { boot, finish, ofKind, rejection } from './support.js';

const echo = scriptedTool<object, string>({ name: 'echo', script: () => ({ value: 'yes' }) });
const tools = [echo];
const grants = ['call:*', 'delegate:*', 'send:*'];

/** Calls so often, and answers how often it could. */
const caller = defineAgent('caller', function* (ctx, calls: number) {
  for (let i = 0; i < calls; i++) yield* ctx.tool(echo, {});
  return calls;
});

function codeOf(error: unknown): string {
  const { code, details } = error as OmniError;
  return (details?.['code'] as string | undefined) ?? code;
}

describe('the budget of a delegation tree', () => {
  it('is spent by a child that has no limit of its own', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.tool(echo, {});
      yield* ctx.delegate(caller, 3, { grants: ['call:*'] });
      yield* ctx.tool(echo, {});
      yield* ctx.tool(echo, {});
    });
    const booted = await boot({ agents: [main, caller], tools });
    expect(await rejection(booted.time, booted.kernel.spawn(main, null, { grants, quota: { maxToolCalls: 5 } }).result())).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { used: 5 } });
    expect(booted.limits.ledger.of('main-1')).toMatchObject({ own: { toolCalls: 2 }, total: { toolCalls: 5 }, limits: [{ resource: 'maxToolCalls', used: 5 }] });
    await finish(booted);
  });

  it('ends the child that meets the limit of one above it, and the entry names both', async () => {
    const main = defineAgent('main', function* (ctx) {
      try {
        yield* ctx.delegate(caller, 9, { grants: ['call:*'] });
        return 'went through';
      } catch (error) {
        return codeOf(error);
      }
    });
    const booted = await boot({ agents: [main, caller], tools });
    expect(await booted.time.until(booted.kernel.spawn(main, null, { grants, quota: { maxToolCalls: 4 } }).result())).toBe('QUOTA_EXCEEDED');
    const entries = await finish(booted);
    expect(ofKind(entries, 'QUOTA_EXCEEDED')).toMatchObject([{ agent: 'caller-1', data: { who: 'main-1', resource: 'maxToolCalls', used: 4, limit: 4 } }]);
    expect(ofKind(entries, 'TOOL_CALLED')).toHaveLength(4);
  });

  it('gives a child no more than is left, counting what was spent', async () => {
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.tool(echo, {});
      yield* ctx.tool(echo, {});
      const codes: string[] = [];
      for (const maxToolCalls of [4, 3]) {
        try {
          yield* ctx.delegate(caller, 3, { grants: ['call:*'], quota: { maxToolCalls } });
          codes.push('ok');
        } catch (error) {
          codes.push(codeOf(error));
        }
      }
      return codes;
    });
    const booted = await boot({ agents: [main, caller], tools });
    expect(await booted.time.until(booted.kernel.spawn(main, null, { grants, quota: { maxToolCalls: 5 } }).result())).toEqual(['PRIVILEGE_ESCALATION_ATTEMPT', 'ok']);
    await finish(booted);
  });

  it('keeps for a child what it was given while it lives, and gets back what it has left', async () => {
    const idle = defineAgent('idle', function* (ctx) {
      yield* ctx.tool(echo, {});
      yield* ctx.receive();
    });
    const main = defineAgent('main', function* (ctx) {
      const child = yield* ctx.start(idle, null, { grants: ['call:*'], quota: { maxToolCalls: 4 } });
      yield* ctx.sleep(10);
      yield* ctx.tool(echo, {});
      yield* ctx.send(child.agent, 'end');
      yield* ctx.join(child);
      for (let i = 0; i < 9; i++) yield* ctx.tool(echo, {});
    });
    const booted = await boot({ agents: [main, idle], tools });
    const handle = booted.kernel.spawn(main, null, { grants, quota: { maxToolCalls: 5 } });
    await booted.time.advance(5);
    expect(booted.limits.ledger.of('main-1')?.limits).toEqual([{ resource: 'maxToolCalls', hard: 5, used: 4 }]);
    expect(await rejection(booted.time, handle.result())).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { used: 5 } });
    expect(booted.limits.ledger.of('main-1')).toMatchObject({ own: { toolCalls: 4 }, total: { toolCalls: 5 } });
    await finish(booted);
  });

  it('does not let a parent have what its child was given', async () => {
    const idle = defineAgent('idle', function* (ctx) { yield* ctx.receive(); });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.start(idle, null, { quota: { maxToolCalls: 4 } });
      for (;;) yield* ctx.tool(echo, {});
    });
    const booted = await boot({ agents: [main, idle], tools });
    expect(await rejection(booted.time, booted.kernel.spawn(main, null, { grants, quota: { maxToolCalls: 5 } }).result())).toMatchObject({ details: { used: 5, limit: 5 } });
    expect(ofKind(await finish(booted), 'TOOL_CALLED')).toHaveLength(1);
  });

  it('counts all who were ever below, and so ends a chain of children', async () => {
    const breeder = defineAgent('breeder', function* (ctx): Generator<Instruction, unknown> {
      return yield* ctx.delegate({ type: 'breeder' }, null, { grants: ['delegate:*'], depth: 20 - Number(ctx.agent.id.split('-')[1]) });
    });
    const booted = await boot({ agents: [breeder] });
    const error = await rejection(booted.time, booted.kernel.spawn(breeder, null, { grants, depth: 20, quota: { maxChildren: 6 } }).result());
    expect(error.code).toBe('DELEGATION_FAILED');
    expect(booted.limits.ledger.all()).toHaveLength(7);
    expect(booted.limits.ledger.of('breeder-1')).toMatchObject({ own: { children: 1 }, total: { children: 6 } });
    expect(ofKind(await finish(booted), 'QUOTA_EXCEEDED')).toMatchObject([{ agent: 'breeder-7', data: { who: 'breeder-1', resource: 'maxChildren', limit: 6 } }]);
  });

  it('gets back what is left when the token of a child is revoked', async () => {
    const idle = defineAgent('idle', function* (ctx) {
      yield* ctx.tool(echo, {});
      yield* ctx.receive();
    });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.start(idle, null, { grants: ['call:*'], quota: { maxToolCalls: 4 } });
      yield* ctx.receive();
      for (;;) yield* ctx.tool(echo, {});
    });
    const booted = await boot({ agents: [main, idle], tools });
    const handle = booted.kernel.spawn(main, null, { grants, quota: { maxToolCalls: 5 } });
    await booted.time.settle();
    booted.kernel.revoke('idle-1', 'no longer needed');
    expect(booted.limits.ledger.of('main-1')?.limits[0]?.used).toBe(1);
    booted.kernel.send('main-1', 'go');
    await rejection(booted.time, handle.result());
    expect(booted.limits.ledger.of('main-1')).toMatchObject({ own: { toolCalls: 4 }, total: { toolCalls: 5 } });
    await finish(booted);
  });
});
