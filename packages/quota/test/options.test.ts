import { defineAgent } from '@omnipaw/kernel';
import { scriptedTool } from '@omnipaw/testing';
import { quota, ResourceLedger, type QuotaOptions } from '@omnipaw/quota';
import { expect, it } from 'vitest';
import { boot, rejection } from './support.js';

it.each<readonly [what: string, options: unknown, message: string]>([
  ['of another name', { default: { main: { maxTicks: 1 } } }, 'There is no option "default" for quotas. Options: defaults, instead, rates.'],
  ['that are none', [], 'For quotas, [] was given; it must be an object of: defaults, instead, rates.'],
  ['of a rate that is short of one', { rates: [{ per: 'kernel', calls: 1, everyMs: 1 }] }, 'The over of a rate is undefined; it must be delay or refuse.'],
  ['of a rate that is everybody\'s', { rates: [{ per: 'all', calls: 1, everyMs: 1, over: 'delay' }] }, 'The per of a rate is "all"; it must be agent, tool or kernel.'],
  ['of a rate without end', { rates: [{ per: 'kernel', calls: Infinity, everyMs: 1, over: 'delay' }] }, 'The amount of a rate is Infinity; it must be a whole number from 1.'],
])('options %s are a TypeError', (_what, options, message) => {
  expect(() => quota(options as QuotaOptions)).toThrow(new TypeError(message));
  expect(() => new ResourceLedger(options as QuotaOptions)).toThrow(new TypeError(message));
});

it.each<readonly [what: string, limits: unknown, message: string]>([
  ['endless', { maxTicks: Infinity }, 'The limit maxTicks is Infinity.'],
  ['left open', { maxTicks: undefined }, 'The limit maxTicks is undefined.'],
  ['misspelt', { maxTick: 5 }, 'A quota names "maxTick".'],
  ['no object', 5, 'A quota is 5.'],
])('limits that are %s are QUOTA_INVALID, whatever else there is for the type', (_what, limits, message) => {
  for (const name of ['defaults', 'instead']) {
    const options = { defaults: { main: { maxTicks: 1 } }, instead: { main: { maxTicks: 1 } }, [name]: { main: limits } } as QuotaOptions;
    expect(() => quota(options)).toThrow(expect.objectContaining({ code: 'QUOTA_INVALID', message: expect.stringContaining(message) as string }));
  }
});

it('options are those of the moment at which they were given', async () => {
  const echo = scriptedTool<object, string>({ name: 'echo', script: () => ({ value: 'yes' }) });
  const main = defineAgent('main', function* (ctx) {
    for (;;) yield* ctx.tool(echo, {});
  });
  const defaults = { main: { maxToolCalls: 5 } };
  const booted = await boot({ agents: [main], tools: [echo], defaults });
  defaults.main.maxToolCalls = 'plenty' as never;
  expect(await rejection(booted.time, booted.kernel.spawn(main, null, { grants: ['call:*'] }).result())).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { used: 5 } });
  await booted.time.until(booted.kernel.stop());
});
