import { readdirSync, readFileSync } from 'node:fs';

export interface Attempt {
  readonly name: string;
  readonly title: string;
  /** `denied`: it sees nothing; `killed`: it is stopped by a limit; `confined`, `contained`: what it does stays in the guest; `virtual`: the same every time. */
  readonly expect: string;
  readonly source: string;
}

/** What people have tried: one file each, with a header that says what it is after. */
export function attemptsIn(folder: 'given' | 'own'): readonly Attempt[] {
  const url = new URL(`./fixtures/${folder}/`, import.meta.url);
  return readdirSync(url)
    .sort()
    .map((file) => {
      const source = readFileSync(new URL(file, url), 'utf8');
      const header = /^\/\* @escape (\{.*?\}) \*\//.exec(source)![1]!;
      const { title, expect } = JSON.parse(header) as { title: string; expect: string };
      return { name: file.replace(/\.ts$/, ''), title, expect, source };
    });
}

/** The files of a plugin that makes the attempt: its handler takes the context first. */
export function pluginOf({ source }: Attempt): Readonly<Record<string, string>> {
  return { 'attempt.ts': source, 'index.ts': 'import attempt from "./attempt.js";\nexport default (args: unknown, ctx: unknown) => (attempt as Function)(ctx, args);\n' };
}
