/** Every `omnipaw …` in a shell sample is a command that exists, with options that it has. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allPages, type Page } from './pages.js';
import { PATIENCE_MS, Workshop } from './workshop.js';

interface Call {
  readonly line: string;
  readonly command: string;
  readonly options: readonly string[];
}

let workshop: Workshop;
const help = new Map<string, string>();
beforeAll(async () => {
  workshop = await Workshop.open();
  for (const command of ['run', 'replay', 'verify', 'inspect', 'tail', 'resume', 'fork', 'diff', 'what-if', 'dashboard', 'keygen', 'sign', 'receipt', 'receipt verify', 'plugins validate', 'plugins list', 'plugins new', 'plugins test', 'plugins pack', 'plugins sign']) {
    help.set(command, (await workshop.omnipaw(...command.split(' '), '--help')).stdout);
  }
}, PATIENCE_MS);
afterAll(() => {
  workshop.close();
});

const pages = allPages()
  .map((page) => ({ page, calls: callsOn(page) }))
  .filter(({ calls }) => calls.length > 0);

describe.each(pages)('$page.path', ({ calls }) => {
  test.each(calls)('$line', ({ command, options }) => {
    expect([...help.keys()]).toContain(command);
    const known = [...help.get(command)!.matchAll(/(?<=[ ,])--?[a-z][a-z-]*/g)].map((match) => match[0]);
    expect(options.filter((option) => !known.includes(option))).toEqual([]);
  });
});

function callsOn({ blocks }: Page): readonly Call[] {
  const shells = blocks.filter(({ language }) => ['sh', 'bash', 'console'].includes(language));
  const lines = shells.flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, ' ').split('\n'));
  return lines.flatMap((line) => {
    const call = /^(?:\$ )?(?:npx )?omnipaw (receipt verify|plugins [a-z]+|\S+)(.*)$/.exec(line.trim());
    if (call?.[1] === undefined || call[1].startsWith('-')) return [];
    const withoutQuoted = (call[2] ?? '').replaceAll(/'[^']*'|"[^"]*"/g, '').replace(/ [|#>].*$/, '');
    return [{ line, command: call[1], options: [...withoutQuoted.matchAll(/(?<= )--?[a-z][a-z-]*/g)].map((match) => match[0]) }];
  });
}
