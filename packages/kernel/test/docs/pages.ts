/** The pages that users read, taken apart: blocks of code, links, headings. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A fenced block of code, or a comment that begins with `run`. */
export interface Block {
  /** `run` for a comment. */
  readonly language: string;
  /** What stands behind the language: a file's name, or a word; else the name that the line before ends with: `` `name.ts`: `` */
  readonly label: string;
  readonly text: string;
  /** Of its first line, from 1. */
  readonly line: number;
}

export interface Page {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** Every page of the repository, in the order of their paths. */
export function allPages(): readonly Page[] {
  const readmes = ['packages', 'apps', 'plugins'].flatMap((parent) => namesIn(parent).map((name) => `${parent}/${name}/README.md`));
  const docs = namesIn('docs/content').filter((name) => name.endsWith('.md')).map((name) => `docs/content/${name}`);
  const atRoot = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'];
  return [...atRoot, ...readmes, ...docs].filter((path) => existsSync(join(ROOT, path))).map(readPage);
}

export function readPage(path: string): Page {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { path, text, blocks: blocksIn(text) };
}

/** The addresses of all links on a page, code left out. */
export function linksOn({ text }: Page): readonly string[] {
  const prose = text.replaceAll(BLOCK, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map((match) => match[1]!);
}

/** The anchors that GitHub makes of a page's headings. */
export function anchorsOn({ text }: Page): ReadonlySet<string> {
  const headings = [...text.replaceAll(BLOCK, '').matchAll(/^#{1,6} (.+)$/gm)].map((match) => match[1]!);
  return new Set(headings.map((heading) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-')));
}

const BLOCK = /^```(\S*) *([^\n]*)\n([\s\S]*?)^```$|^<!-- run\n([\s\S]*?)^-->$/gm;

function blocksIn(text: string): readonly Block[] {
  return [...text.matchAll(BLOCK)].map((match) => {
    const before = text.slice(0, match.index);
    const line = before.split('\n').length + 1;
    const [, language = '', label = '', code = '', comment] = match;
    if (comment !== undefined) return { language: 'run', label: '', text: comment, line };
    const nameBefore = /`([\w-]+\.ts)`:\s*$/.exec(before)?.[1] ?? '';
    return { language, label: label === '' ? nameBefore : label, text: code, line };
  });
}

function namesIn(folder: string): readonly string[] {
  const path = join(ROOT, folder);
  return existsSync(path) ? readdirSync(path).sort() : [];
}
