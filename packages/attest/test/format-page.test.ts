/** The examples on the page of attestation are what our code makes of the example log. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { headSigner, makeReceipt, signHead, verifyAttested, verifyReceipt } from '@omnipaw/attest';
import { expect, test } from 'vitest';
import { logOf } from '../../kernel/test/logging/test-chain.js';

const [page, formatPage] = ['attestation', 'log-format'].map((name) =>
  readFileSync(new URL(`../../../docs/content/${name}.md`, import.meta.url), 'utf8'),
) as [string, string];
const log = logOf(/```jsonl\n([\s\S]*?)```/.exec(formatPage)![1]!);

/** The first key of the test vectors in RFC 8032, section 7.1, as PKCS #8. */
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const privateKey = createPrivateKey({ key: Buffer.from(`302e020100300506032b657004220420${SEED}`, 'hex'), format: 'der', type: 'pkcs8' });
const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string;

test('the head and the receipt on the page are those of the example log, by the key that the page names', async () => {
  const signer = headSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  const { text } = await signHead(log, signer);
  expect(page).toContain(`\`\`\`text\n${text}\`\`\``);
  const receipt = await makeReceipt(log, { at: 1, head: text });
  const shown = /```text\n(c2sp[^]*?)```/.exec(page)![1]!;
  const [before, after] = shown.split('…') as [string, string];
  expect([receipt.slice(0, before.length), receipt.slice(-after.length)]).toEqual([before, after]);
  expect(page).toContain(`\`\`\`text\n${publicKey}\`\`\``);
});

test('they are good', async () => {
  const head = /```text\n(omnipaw\/[^]*?)```/.exec(page)![1]!;
  expect(await verifyAttested(log, { publicKey, heads: [head] })).toMatchObject({ completeness: 'COMPLETE', pinnedAt: 2 });
  expect((await verifyReceipt(await makeReceipt(log, { at: 1, head }), publicKey)).entry.kind).toBe('AGENT_SPAWNED');
});
