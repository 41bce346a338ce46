import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AgentContext, Instruction, OmniError } from '@omnipaw/kernel';
import { expect, test } from 'vitest';
import { describeWith } from '../../../../testing/components.js';
import type { SwarmOptions } from '../../src/run/swarm.js';
import type { Tools } from '../../src/tools/index.js';
import { entriesOf, runSwarm } from '../support/swarm.js';
import { repository, temporaryDirectory, tree } from '../support/tree.js';

/** What an attempt came to: its error's code, or "done". */
function* attempt(operation: Iterable<Instruction, unknown>): Generator<Instruction, string> {
  try {
    yield* operation;
    return 'done';
  } catch (thrown) {
    return (thrown as OmniError).code;
  }
}

/** A patcher that does nothing but try, and notes what its attempts came to. */
function trying(attempts: (ctx: AgentContext, tools: Tools) => readonly Iterable<Instruction, unknown>[], seen: string[], grants: readonly string[] = []): SwarmOptions {
  return {
    agents: 1,
    parts: {
      grants,
      *patch(ctx, tools) {
        for (const operation of attempts(ctx, tools)) seen.push(yield* attempt(operation));
        return [];
      },
    },
  };
}

test('a patcher that wants to read the source, ask git, vote or write the patch is refused', async () => {
  const seen: string[] = [];
  const { out, account } = await runSwarm(
    tree({ 'a.ts': '// TODO: a\n' }),
    trying(
      (ctx, tools) => [
        ctx.tool(tools.list, { from: 0 }),
        ctx.tool(tools.scan, { paths: ['a.ts'] }),
        ctx.tool(tools.blame, { path: 'a.ts', lines: [1] }),
        ctx.tool(tools.check, { command: 'true' }),
        ctx.tool(tools.diff, { files: [], offset: 0 }),
        ctx.shared('board').get('findings/0'),
        ctx.shared('board').set('changes/0', [], 1),
        ctx.shared('board').set('accepted/0', [], 0),
        ctx.send('chair', 'accept it'),
      ],
      seen,
    ),
  );
  expect(seen).toEqual(Array.from({ length: 9 }, () => 'PERMISSION_DENIED'));
  expect(account.denials).toBe(9);
  expect((await entriesOf(out)).filter(({ kind }) => kind === 'REFUSED')).toHaveLength(9);
});

test('what it may call leads nowhere but into the workspace, even with more grants than it has', async () => {
  const outside = tree({ 'secret.ts': '// TODO: secret\n' });
  const escape = path.relative(temporaryDirectory(), path.join(outside, 'secret.ts'));
  const edits = [{ line: 1, column: 4, from: 'TODO', to: 'X' }];
  const seen: string[] = [];
  await runSwarm(
    tree({ 'a.ts': '// TODO: a\n' }),
    trying(
      (ctx, tools) => [
        ...[escape, path.join(outside, 'secret.ts'), '../log/0000000000000000.jsonl', 'none.ts'].map((wrong) => ctx.tool(tools.edit, { path: wrong, edits, fix: true })),
        ctx.tool(tools.diff, { files: [{ path: '../a.ts', sha256: '' }], offset: 0 }),
        ctx.tool(tools.register, { text: 'x', offset: 5 }),
        ctx.tool(tools.edit, { path: 'a.ts' } as never),
        ctx.tool({ ...tools.edit, name: 'code.write' }, { path: 'a.ts', edits, fix: true }),
      ],
      seen,
      ['call:workspace.*'],
    ),
  );
  const refused = Array.from({ length: 3 }, () => 'PATH_REFUSED');
  expect(seen).toEqual([...refused, 'FILE_NOT_FOUND', 'PATH_REFUSED', 'FILE_CHANGED', 'TOOL_INPUT_INVALID', 'PERMISSION_DENIED']);
  expect(readFileSync(path.join(outside, 'secret.ts'), 'utf8')).toBe('// TODO: secret\n');
});

interface Permission {
  readonly by: string;
}

describeWith('git', 'each agent', () => {
  test('holds what one of its type uses or hands down, and no more', async () => {
    const source = repository({ author: 'Ada', date: '2024-03-01', files: { 'a.ts': "// TODO: a\nimport x from 'x';\n" } });
    const { out } = await runSwarm(source, { agents: 1, check: 'true' });
    const types = new Map<string, string>();
    const held = new Map<string, Set<string>>();
    const used = new Set<string>();
    for (const { kind, agent, data } of await entriesOf(out)) {
      if (kind === 'AGENT_SPAWNED') {
        types.set(agent!, data.type);
        const grants = data.token.grants.map(({ action, resource }) => `${action}:${resource}`);
        held.set(data.type, new Set([...(held.get(data.type) ?? []), ...grants]));
        // What a child holds was handed down.
        if (data.parent !== null) for (const grant of grants) used.add(`${types.get(data.parent)!} ${grant}`);
      }
      const { permission, delegation } = data as { readonly permission?: Permission; readonly delegation?: { readonly permission: Permission } };
      const [, grant] = /^grant \d+ (.*)$/.exec((permission ?? delegation?.permission)?.by ?? '') ?? [];
      // It is the parent who delegates.
      const who = kind === 'AGENT_SPAWNED' ? data.parent : agent;
      if (grant !== undefined) used.add(`${types.get(who!)!} ${grant}`);
    }
    const idle = [...held].flatMap(([type, grants]) => [...grants].map((grant) => `${type} ${grant}`)).filter((grant) => !used.has(grant));
    // Members of a swarm may talk, and share a memory, as those of any swarm; and whoever coordinates one holds what its members hold, no less.
    expect(idle.filter((grant) => !/^(reading|patching)\.member (send:\1\.member-\*|(read|write):shared:swarm-\1\/\*\*)$/.test(grant))).toEqual(['reading.member call:code.list']);
  });
});
