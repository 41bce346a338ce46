import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeWith } from '../../../testing/components.js';
import { BUDGETS } from '../src/agents/budgets.js';
import { CHAIR_GRANTS } from '../src/agents/chair.js';
import { PATCHER_GRANTS } from '../src/agents/patching.js';
import { PLANNER_GRANTS } from '../src/agents/planner.js';
import { READER_GRANTS } from '../src/agents/reading.js';
import { WRITER_GRANTS } from '../src/agents/writer.js';
import { HELP } from '../src/run/options.js';
import { Program } from './support/program.js';
import { parts } from './fixtures/model.js';
import { output, runSwarm } from './support/swarm.js';
import { temporaryDirectory, tree } from './support/tree.js';

const PAGE = readFileSync(new URL('../../../docs/content/codebase-swarm.md', import.meta.url), 'utf8');

function block(opening: string): string {
  const start = PAGE.indexOf(`\`\`\`${opening}`);
  expect(start, opening).toBeGreaterThan(0);
  const from = PAGE.indexOf('\n', start) + 1;
  return PAGE.slice(from, PAGE.indexOf('```', from));
}

/** Without what another day, place or machine changes. */
function timeless(text: string): string {
  return text
    // How often it says how far the others are depends on how fast they are.
    .replace(/^ {2}· (?:readers|patchers) .*\n/gm, '')
    .replace(/\d+ (?:year|month)s?/g, 'N years')
    .replace(/As of \S+:/, 'As of DAY:')
    .replace(/(?<=score )\d+|\d+(?= \|$)|(?<=^ {3})\d+(?= {2}[A-Z])/gm, 'N')
    .replace(/\/\S*demo(?=[/ \n])/g, 'DEMO')
    .replace(/\d{4}-\d\d-\d\dT\S+?Z/g, 'RUN')
    .replace(/[0-9a-f]{64}/, 'HEAD')
    .replace(/\d+ (ticks|tool calls|entries)/g, '… $1')
    .replace(/(?:[\d.]+|…) m?(s|kB|bytes)(?= of| {2}|$)/gm, 'N $1')
    .replace(/^( *\S+) +\d+ of/gm, '$1  N of')
    .replace(/ {2,}/g, '  ')
    .trim();
}

describeWith('git', 'the page about the main job', () => {
  test('shows what really comes out', async () => {
    const place = temporaryDirectory();
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' };
    execFileSync('sh', ['-ec', block('sh\ngit init')], { cwd: place, stdio: 'ignore', env });
    const demo = path.join(place, 'demo');
    const { code, stdout } = await Program.run(['--path', '.', '--check', 'sh -n tools/fetch'], { cwd: demo });
    expect(code).toBe(0);
    expect(timeless(stdout)).toBe(timeless(block('text screen')));
    const out = path.join(demo, path.dirname(/^patch +(\S+)$/m.exec(stdout)![1]!));
    expect(output(out, 'changes.patch')).toBe(block('diff'));
    expect(timeless(output(out, 'TODO.md'))).toBe(timeless(block('markdown')));
  });

  test('lists what the agents may use', () => {
    const unit = { maxTicks: 1, maxToolCalls: 1, maxCpuMs: 1_000, maxMemoryBytes: 1_000_000, maxLogBytes: 1_000_000_000, maxWallMs: 3_600_000, maxChildren: 1 };
    for (const [agent, limits] of Object.entries(BUDGETS)) {
      const cells = new RegExp(`^\\| ${agent}(?:, with [a-z ]+)? \\|(.*\\d.*)\\|$`, 'm').exec(PAGE)![1]!.split('|').map((cell) => parseInt(cell.trim().replaceAll(',', ''), 10));
      const amounts = Object.entries(unit).map(([name, of]) => {
        const limit = (limits as Readonly<Record<string, number | { readonly hard: number }>>)[name];
        return limit === undefined ? NaN : (typeof limit === 'number' ? limit : limit.hard) / of;
      });
      expect([agent, ...cells]).toEqual([agent, ...amounts]);
    }
  });

  test('lists the grants that the agents have, and the options that there are', () => {
    const held: Readonly<Record<string, readonly string[]>> = { readers: READER_GRANTS, planner: PLANNER_GRANTS, patchers: PATCHER_GRANTS, chair: CHAIR_GRANTS, writer: WRITER_GRANTS };
    for (const [agent, grants] of Object.entries(held)) {
      const [, cell = ''] = new RegExp(`^\\| ${agent} \\|([^|]*)\\|`, 'm').exec(PAGE) ?? [];
      expect([...cell.matchAll(/`([^`]+)`/g)].map(([, grant]) => grant).sort(), agent).toEqual([...new Set(grants)].sort());
    }
    for (const [option] of HELP.matchAll(/^ {2}--[\w-]+/gm)) expect(PAGE).toContain(`| \`${option.trim()}`);
  });

  test('shows a model at work that has no more say than others', async () => {
    const fixture = readFileSync(new URL('fixtures/model.ts', import.meta.url), 'utf8');
    expect(fixture).toContain(block('typescript\nimport { defineTool').replaceAll("'./", "'../../src/"));
    const { report } = await runSwarm(tree({ 'a.ts': '// TODO: a\nlet a;\n', 'eager.ts': '// TODO: b\nlet b;\n' }), { parts });
    expect(report.vote).toMatchObject({ accepted: 1, rejected: 1, against: [{ path: 'eager.ts' }] });
  });
});
