import { defineAgent, type AgentContext, type Instruction, type OmniError } from '@omnipaw/kernel';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createAgents } from '../../src/agents/coordinator.js';
import type { PatcherInput, PatchReport } from '../../src/agents/patcher.js';
import type { SwarmOptions } from '../../src/run/swarm.js';
import type { Tools } from '../../src/tools/index.js';
import { entriesOf, runSwarm } from '../support/swarm.js';
import { temporaryDirectory, tree } from '../support/tree.js';

const NOTHING_DONE: PatchReport = { files: 0, edits: 0, hunks: 0, stale: 0, leftOut: [], patchBytes: 0, registerBytes: 0 };

/** What an attempt came to: its error's code, or "done". */
function* attempt(operation: Iterable<Instruction, unknown>): Generator<Instruction, string> {
  try {
    yield* operation;
    return 'done';
  } catch (thrown) {
    return (thrown as OmniError).code;
  }
}

/** The swarm with another patcher, which notes what its attempts came to. */
function withPatcher(attempts: (ctx: AgentContext, tools: Tools) => readonly Iterable<Instruction, unknown>[], seen: string[]): SwarmOptions {
  return {
    agentsOf: (tools) => ({
      ...createAgents(tools),
      patcher: defineAgent<PatcherInput, PatchReport>('patcher', function* (ctx) {
        for (const operation of attempts(ctx, tools)) seen.push(yield* attempt(operation));
        return NOTHING_DONE;
      }),
    }),
  };
}

describe('each agent holds what it needs, and no more', () => {
  test('a patcher that wants to read the source or ask git is refused', async () => {
    const seen: string[] = [];
    const { out, account } = await runSwarm(
      tree({ 'a.ts': '// TODO: a\n' }),
      withPatcher(
        (ctx, tools) => [
          ctx.tool(tools.list, { from: 0 }),
          ctx.tool(tools.scan, { paths: ['a.ts'] }),
          ctx.tool(tools.blame, { path: 'a.ts', lines: [1] }),
          ctx.shared('board').get('findings/0'),
          ctx.shared('board').set('plan/0', [], 1),
          ctx.delegate(createAgents(tools).reader, null),
        ],
        seen,
      ),
    );
    expect(seen).toEqual(Array.from({ length: 6 }, () => 'PERMISSION_DENIED'));
    expect(account.denials).toBe(6);
    expect((await entriesOf(out)).filter(({ kind }) => kind === 'REFUSED')).toHaveLength(6);
  });

  test('and what it may call leads nowhere but into its workspace', async () => {
    const outside = tree({ 'secret.ts': '// TODO: secret\n' });
    const escape = path.relative(temporaryDirectory(), path.join(outside, 'secret.ts'));
    const seen: string[] = [];
    await runSwarm(
      tree({ 'a.ts': '// TODO: a\n' }),
      withPatcher(
        (ctx, tools) => [
          ...[escape, path.join(outside, 'secret.ts'), '../log/0000000000000000.jsonl', 'none.ts'].map((wrong) =>
            ctx.tool(tools.edit, { path: wrong, edits: [{ line: 1, column: 4, from: 'TODO', to: 'X' }] }),
          ),
          ctx.tool(tools.diff, { files: [{ path: '../a.ts', sha256: '' }], offset: 0 }),
          ctx.tool(tools.register, { text: 'x', offset: 5 }),
          ctx.tool(tools.edit, { path: 'a.ts' } as never),
          ctx.tool({ ...tools.edit, name: 'code.write' }, { path: 'a.ts', edits: [] }),
        ],
        seen,
      ),
    );
    const refused = Array.from({ length: 3 }, () => 'PATH_REFUSED');
    expect(seen).toEqual([...refused, 'FILE_NOT_FOUND', 'PATH_REFUSED', 'FILE_CHANGED', 'TOOL_INPUT_INVALID', 'PERMISSION_DENIED']);
    expect(readFileSync(path.join(outside, 'secret.ts'), 'utf8')).toBe('// TODO: secret\n');
  });

  test('every grant of every child is used', async () => {
    const { out } = await runSwarm(tree({ 'a.ts': '// TODO: a\n', '.git/HEAD': '' }));
    const entries = await entriesOf(out);
    const used = new Set(
      entries.flatMap(({ agent, data }) => {
        const { permission } = data as { readonly permission?: { readonly by: string } };
        return permission === undefined ? [] : [`${agent!} ${permission.by}`];
      }),
    );
    for (const { kind, agent, data } of entries) {
      if (kind !== 'AGENT_SPAWNED' || data.parent === null) continue;
      for (const [index, { action, resource }] of data.token.grants.entries()) {
        // Git is asked only where there is one.
        if (resource !== 'host.git.blame') expect(used).toContain(`${agent!} grant ${index} ${action}:${resource}`);
      }
    }
  });
});
