/**
 * What of a page can be run, in order.
 *
 * A `ts` block that begins with `import` starts a program, and those after it go on with it; `ts NAME` saves it under that
 * name. `text output` behind a program is what it prints. `console` is a session in a shell: lines with `$ ` are commands, the
 * others are what they print. A comment `<!-- run … -->` has commands that prepare what comes next.
 */
import type { Component } from '../../../../testing/components.js';
import type { Block, Page } from './pages.js';

export interface Program {
  readonly kind: 'program';
  readonly title: string;
  readonly file: string;
  readonly source: string;
  /** As the page shows it; undefined where it shows none. */
  readonly output: string | undefined;
}

export interface Session {
  readonly kind: 'session';
  readonly title: string;
  readonly commands: readonly string[];
  readonly output: string;
}

export type Sample = Program | Session;

/** The component that the samples of a page need to be run, if one of `PROBES` is named in a comment `<!-- needs … -->`. */
export function componentFor({ text }: Page): Component | undefined {
  return /^<!-- needs (\w+) -->$/m.exec(text)?.[1] as Component | undefined;
}

export function samplesOn(page: Page): readonly Sample[] {
  const samples: Sample[] = [];
  for (const block of page.blocks) {
    const last = samples.at(-1);
    const title = `${page.path}:${block.line}`;
    if (block.language === 'run') samples.push({ kind: 'session', title, commands: [block.text], output: '' });
    else if (block.language === 'console') samples.push(sessionOf(block, title));
    else if (block.language === 'text' && block.label === 'output') {
      if (last?.kind !== 'program') throw new Error(`${title}: there is no program that could print this.`);
      samples[samples.length - 1] = { ...last, output: block.text };
    } else if (block.language === 'ts') {
      if (block.text.startsWith('import ')) samples.push(programOf(block, title));
      else if (last?.kind === 'program') samples[samples.length - 1] = { ...last, source: last.source + block.text };
      else throw new Error(`${title}: the block goes on with no program. Begin it with an import.`);
    }
  }
  return samples;
}

/**
 * Whether a text is what a page shows: `…` stands for anything in a line, a line that is only `…` for any lines. What
 * differs between two runs (hashes, times, offsets) does not matter, nor does space between words and lines.
 */
export function shows(shown: string, text: string): boolean {
  const lines = linesOf(shown).map((line) => (line === '…' ? '(?:[^\\n]*\\n)*?' : `${line.split('…').map(escaped).join('[^\\n]*')}\\n`));
  return new RegExp(`^${lines.join('')}$`).test(linesOf(text).map((line) => `${line}\n`).join(''));
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.replaceAll(/\s+/g, ' ').trim());
  return lines.filter((line) => line !== '').map((line) => VARYING.reduce((masked, [pattern, mask]) => masked.replaceAll(pattern, mask), line));
}

/** What is another one each time, and what is put in its place. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\b([0-9a-f]{64}\b|[0-9a-f]{4,}…)/g, 'HASH'],
  [/\b[0-9a-f]{24}\b/g, 'LOG-ID'],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  [/\d{4}-\d\d-\d\d/g, 'DATE'],
  [/\d\d:\d\d:\d\d\.\d{3}/g, 'TIME'],
  [/"time":\d+/g, '"time":TIME'],
  [/\b\d+(\.\d+)? (ms|s|min)\b/g, 'DURATION'],
  [/(\bbyte |"byteOffset":)\d+/g, '$1OFFSET'],
];

/** Which hash of a run stands for which one on the page, by their order. */
export function hashesBehind(shown: string, text: string): ReadonlyMap<string, string> {
  const [onPage, inRun] = [shown, text].map((output) => output.match(/\b[0-9a-f]{64}\b/g) ?? []);
  return new Map(onPage!.map((hash, index) => [hash, inRun![index] ?? hash]));
}

function programOf({ label, line, text }: Block, title: string): Program {
  return { kind: 'program', title, file: label === '' ? `line-${line}.ts` : label, source: text, output: undefined };
}

function sessionOf({ text }: Block, title: string): Session {
  const lines = text.split('\n');
  return {
    kind: 'session',
    title,
    commands: lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2)),
    output: lines.filter((line) => !line.startsWith('$ ')).join('\n'),
  };
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
