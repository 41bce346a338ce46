import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeWith } from '../../../testing/components.js';
import { BUDGETS } from '../src/agents/budgets.js';
import { COORDINATOR_GRANTS, PATCHER_GRANTS, PLANNER_GRANTS, READER_GRANTS } from '../src/agents/coordinator.js';
import { HELP } from '../src/run/options.js';
import { Program } from './support/program.js';
import { output } from './support/swarm.js';
import { temporaryDirectory } from './support/tree.js';

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
    .replace(/\d+ (?:year|month)s?/g, 'N years')
    .replace(/As of \S+:/, 'As of DAY:')
    .replace(/(?<=score )\d+|\d+(?= \|$)|(?<=^ {3})\d+(?= {2}[A-Z])/gm, 'N')
    .replace(/\/\S*demo(?=[/ \n])/g, 'DEMO')
    .replace(/\d{4}-\d\d-\d\dT\S+?Z/g, 'RUN')
    .replace(/[0-9a-f]{64}/, 'HEAD')
    .replace(/\d+ (ticks|tool calls|entries)/g, '… $1')
    .replace(/(?:[\d.]+|…) m?(s|kB|bytes)(?= of| {2}|$)/gm, 'N $1')
    .replace(/ {2,}/g, '  ')
    .trim();
}

describeWith('git', 'the page about the main job', () => {
  test('shows what really comes out', async () => {
    const place = temporaryDirectory();
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' };
    execFileSync('sh', ['-ec', block('sh\ngit init')], { cwd: place, stdio: 'ignore', env });
    const demo = path.join(place, 'demo');
    const { code, stdout } = await Program.run(['--path', demo], { cwd: demo });
    expect(code).toBe(0);
    expect(timeless(stdout)).toBe(timeless(block('text screen')));
    const out = path.join(demo, path.dirname(/^patch +(\S+)$/m.exec(stdout)![1]!));
    expect(output(out, 'changes.patch')).toBe(block('diff'));
    expect(timeless(output(out, 'TODO.md'))).toBe(timeless(block('markdown')));
  }, 60_000);

  test('lists what the agents may use', () => {
    const unit = { maxTicks: 1, maxToolCalls: 1, maxCpuMs: 1_000, maxMemoryBytes: 1_000_000, maxLogBytes: 1_000_000_000, maxWallMs: 3_600_000, maxChildren: 1 };
    for (const [agent, limits] of Object.entries(BUDGETS)) {
      const cells = new RegExp(`^\\| ${agent}(?:, with all three)? \\|(.*\\d.*)\\|$`, 'm').exec(PAGE)![1]!.split('|').map((cell) => parseInt(cell.trim().replaceAll(',', ''), 10));
      const amounts = Object.entries(unit).map(([name, of]) => {
        const limit = (limits as Readonly<Record<string, number | { readonly hard: number }>>)[name];
        return limit === undefined ? NaN : (typeof limit === 'number' ? limit : limit.hard) / of;
      });
      expect([agent, ...cells]).toEqual([agent, ...amounts]);
    }
  });

  test('lists the grants that the agents have, and the options that there are', () => {
    for (const grant of [...READER_GRANTS, ...PLANNER_GRANTS, ...PATCHER_GRANTS]) expect(PAGE).toContain(`\`${grant}\``);
    expect(COORDINATOR_GRANTS.filter((grant) => !grant.startsWith('delegate:'))).toEqual([...READER_GRANTS, ...PLANNER_GRANTS, ...PATCHER_GRANTS]);
    for (const [option] of HELP.matchAll(/^ {2}--\w+/gm)) expect(PAGE).toContain(`| \`${option.trim()}`);
  });
});
