/** The limits that a manifest can name are those that there are: one of another name would limit nothing. */
import { createKernel, defineAgent, MemoryLogStore } from '@omnipaw/kernel';
import { MANIFEST_SCHEMA } from '@omnipaw/plugins';
import { quota } from '@omnipaw/quota';
import { expect, test } from 'vitest';

const idle = defineAgent('idle', function* (ctx) {
  return yield* ctx.sleep(0);
});

test('a manifest can name every limit that is enforced, and no other', async () => {
  const names = Object.keys(MANIFEST_SCHEMA.$defs.agent.properties.quota.properties);
  const kernel = await createKernel({ log: new MemoryLogStore(), agents: [idle], extensions: [quota()] });
  const refusal = (limit: string): string => {
    try {
      kernel.spawn(idle, null, { quota: { [limit]: 1_000 } });
      return '';
    } catch (thrown) {
      return (thrown as Error).message;
    }
  };
  for (const name of names) expect(refusal(name), name).toBe('');
  const known = /Known are (.*), and call:PATTERN/.exec(refusal('maxNothing'))?.[1];
  expect(known?.split(', ').sort()).toEqual([...names].sort());
  await kernel.stop();
});
