import { defineAgent, inspect, replay, type Policy } from '@omnipaw/kernel';
import { scriptedTool } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { boot } from '../support/index.js';

const wipe = scriptedTool<object, string>({ name: 'wipe', script: () => ({ value: 'wiped' }) });
const cleaner = defineAgent('cleaner', function* (ctx) {
  yield* ctx.sleep(100);
  return yield* ctx.tool(wipe, {});
});
const cast = { agents: [cleaner], tools: [wipe] };
const policies: readonly Policy[] = [{ name: 'never wipe', effect: 'DENY', action: 'call', resource: 'wipe' }];

/** A log with a policy, and somebody who is going to do what it denies. */
async function denied() {
  const life = await boot({ ...cast, policies });
  life.kernel.spawn(cleaner, null, { grants: ['call:*'] }).result().catch(() => undefined);
  await life.until(life.kernel.stop());
  return { log: life.store, time: life.time };
}

describe('the policies of a log', () => {
  test('hold in every kernel that takes it up and gives no others', async () => {
    const { log, time } = await denied();
    for (let life = 0; life < 2; life++) {
      const { kernel, until } = await boot({ ...cast, log, time });
      await until(kernel.stop());
      expect((await inspect(log)).kernel.config['policies']).toEqual(policies);
    }
    const { kernel, until, rejection } = await boot({ ...cast, log, time });
    expect(await rejection(kernel.agent('cleaner-1').result())).toMatchObject({ code: 'PERMISSION_DENIED' });
    await until(kernel.stop());
    expect(await replay(log, cast)).toMatchObject({ replay: 'REPRODUCED' });
  });

  test('give way to others, or none, that are given', async () => {
    const { log, time } = await denied();
    const { kernel, until } = await boot({ ...cast, log, time, policies: [] });
    expect(await until(kernel.agent('cleaner-1').result())).toBe('wiped');
  });
});
