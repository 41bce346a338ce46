import { readFileSync } from 'node:fs';
import { MemoryLogStore, nodePorts } from '@omnipaw/kernel';
import { assertReplays } from '@omnipaw/testing';
import { quota } from '@omnipaw/quota';
import { expect, it } from 'vitest';
import { cast, options } from './histories/limits/program.js';
import { entriesOf } from './support.js';

it('a log of the first release replays, with all its limits, delays and the crash in its middle', async () => {
  const bytes = readFileSync(new URL('histories/limits/format-2.jsonl', import.meta.url));
  const log = new MemoryLogStore({ bytes, codec: nodePorts.codec });
  await assertReplays(log, { ...cast, extensions: [quota(options)] });
  const kinds = new Set((await entriesOf(log)).map(({ kind }) => kind));
  for (const kind of ['KERNEL_STARTED', 'QUOTA_DEADLINE_SET', 'QUOTA_WARNED', 'QUOTA_EXCEEDED', 'DELAY_STARTED', 'DELAY_ENDED'] as const) expect(kinds).toContain(kind);
});
