/** What pages say of the kernel's constants is what the constants say, and their links lead somewhere. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { INVARIANTS, LIFECYCLE_STATES, TRANSITIONS, type LifecycleState } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { allPages, anchorsOn, linksOn, readPage, ROOT, type Page } from './pages.js';

describe('the lifecycle page', () => {
  const page = readPage('docs/content/lifecycle.md');

  test('has every row of the table and no other', () => {
    const rows = [...page.text.matchAll(/^\| `(\w+)` \| `(\w+)` \| `(\w+)` \|/gm)].map((row) => row.slice(1, 4).join(' '));
    expect(rows).toEqual(rowsOfTheTable());
  });

  test('draws the same transitions', () => {
    const arrows = [...page.text.matchAll(/^ {2}(\w+) --> (\w+): (.+)$/gm)].flatMap(([, from, to, triggers]) =>
      triggers!.split(', ').map((trigger) => `${from!} ${trigger} ${to!}`),
    );
    expect(arrows.sort()).toEqual(rowsOfTheTable().sort());
  });

  test('says of every state what it means', () => {
    const states = [...page.text.matchAll(/^\| `(\w+)` \| [^`|]/gm)].map((row) => row[1]!);
    expect(states).toEqual([...LIFECYCLE_STATES]);
  });
});

test('the page of invariants has each of them, in the words of the catalogue', () => {
  const { text } = readPage('docs/content/invariants.md');
  const stated = [...text.matchAll(/^### (INV-\d\d)\n\n\*\*(.+)\*\*/gm)].map((match) => [match[1]!, match[2]!]);
  expect(Object.fromEntries(stated)).toEqual(INVARIANTS);
  expect(stated.map(([id]) => id)).toEqual(Object.keys(INVARIANTS));
});

describe('the architecture page', () => {
  const page = readPage('ARCHITECTURE.md');

  test('has the layers of the linter, and a paragraph on every folder', () => {
    const layers = [...page.text.matchAll(/^\| \d+ \| (.+) \|$/gm)].map((row) => row[1]!.replaceAll('`', '').split(', '));
    const linter = /const kernelLayers = (\[[^;]+\]);/.exec(readFileSync(join(ROOT, 'eslint.config.js'), 'utf8'))![1]!;
    expect(layers).toEqual(JSON.parse(linter.replaceAll("'", '"').replace(/,\s*\]$/, ']')));
    const folders = readdirSync(join(ROOT, 'packages/kernel/src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.filter(({ name }) => !page.text.includes(`\n**\`${name}/\`** `))).toEqual([]);
  });

  test('names files that are there', () => {
    const named = [...page.text.matchAll(/`([a-z]+\/[a-z-]+\.ts)`/g)].map((match) => match[1]!);
    expect(named.filter((file) => !existsSync(join(ROOT, 'packages/kernel/src', file)))).toEqual([]);
  });

  test('shows lines that a kernel has written', () => {
    const lines = page.blocks.find(({ language }) => language === 'jsonl')!.text.trim().split('\n');
    const hashes = lines.map((line) => createHash('sha256').update(line.slice(0, -75)).digest('hex'));
    expect(lines.map((line) => line.slice(-66, -2))).toEqual(hashes);
    expect(lines[1]).toContain(`"prev":"${hashes[0]!}"`);
  });
});

describe('every link on', () => {
  const pages = allPages();
  const paths = new Set(pages.map(({ path }) => path));
  test.each(pages)('$path leads somewhere', (page) => {
    const broken = linksOn(page).filter((link) => !/^(https?:|mailto:)/.test(link) && !isThere(link, page));
    expect(broken).toEqual([]);
  });

  function isThere(link: string, page: Page): boolean {
    const [path = '', anchor] = link.split('#');
    // The host of the repository shows these beside its files.
    if (path.startsWith('../../actions/')) return true;
    const target = path === '' ? page.path : relative(ROOT, join(ROOT, dirname(page.path), path));
    if (!existsSync(join(ROOT, target))) return false;
    return anchor === undefined || (paths.has(target) && anchorsOn(readPage(target)).has(anchor));
  }
});

/** `breach` is left out: pages say in a sentence that it leads from everywhere to TERMINATED. */
function rowsOfTheTable(): string[] {
  return Object.entries(TRANSITIONS).flatMap(([from, row]) =>
    Object.entries(row).flatMap(([trigger, to]: [string, LifecycleState]) => (trigger === 'breach' ? [] : [`${from} ${trigger} ${to}`])),
  );
}
