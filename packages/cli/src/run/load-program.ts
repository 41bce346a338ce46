import * as kernel from '@omnipaw/kernel';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createJiti } from 'jiti';
import { describeFailure, UsageError } from '../failure.js';

const { OmniError } = kernel;
const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];

/** What a module exports, by name. */
export type ProgramModule = Readonly<Record<string, unknown>>;

/**
 * Loads a user's program: JavaScript, or TypeScript as it stands.
 *
 * Throws a UsageError for what is no program file, and `PROGRAM_NOT_LOADED` for one that does not load.
 */
export async function loadProgram(file: string): Promise<ProgramModule> {
  const program = path.resolve(file);
  assertProgramFile(file, program);
  try {
    return isPlainModule(program) ? ((await import(pathToFileURL(program).href)) as ProgramModule) : await loadByJiti(program);
  } catch (thrown) {
    throw new OmniError('PROGRAM_NOT_LOADED', `The program ${file} could not be loaded: ${reasonFor(thrown, file)}`, { cause: thrown });
  }
}

function assertProgramFile(file: string, program: string): void {
  if (!EXTENSIONS.includes(path.extname(program))) {
    throw new UsageError(`${file} is no program: its name must end in ${EXTENSIONS.join(', ')}.`);
  }
  if (fs.statSync(program, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new UsageError(`There is no file ${file}. The first argument is the program to run.`);
  }
}

/** Whether Node takes the file for an ES module on every version, so that nothing has to be translated. */
function isPlainModule(program: string): boolean {
  const extension = path.extname(program);
  return extension === '.mjs' || (extension === '.js' && packageType(path.dirname(program)) === 'module');
}

/** The "type" of the package that a folder belongs to. */
function packageType(folder: string): unknown {
  const manifest = path.join(folder, 'package.json');
  if (fs.existsSync(manifest)) return (JSON.parse(fs.readFileSync(manifest, 'utf8')) as { type?: unknown }).type;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : packageType(parent);
}

/**
 * The same translation on every Node, although newer ones can strip types themselves: a program's digest is made from
 * the text of its functions, and must not change with the Node that runs it.
 */
function loadByJiti(program: string): Promise<ProgramModule> {
  const jiti = createJiti(import.meta.url, {
    // No files of ours in other people's folders, and none in a shared one that others could write to.
    fsCache: false,
    interopDefault: false,
    // One kernel in this process, wherever the program lives: errors are known by their class.
    virtualModules: { '@omnipaw/kernel': kernel },
  });
  return jiti.import<ProgramModule>(program);
}

function reasonFor(thrown: unknown, file: string): string {
  const text = describeFailure(thrown);
  if (!(thrown instanceof Error)) return text;
  if (thrown.message.includes("'@omnipaw/kernel'")) return `${text}. Install it beside the program: npm install @omnipaw/kernel`;
  const place = placeIn(thrown);
  if (place !== undefined) return `${text} (at ${place})`;
  return thrown instanceof SyntaxError ? `${text}. Run "node --check ${file}" to see where.` : text;
}

/** The first place in a stack that is a file of the user's. */
function placeIn({ stack = '' }: Error): string | undefined {
  const frame = stack.split('\n').find((line) => /^\s+at .*:\d+:\d+\)?$/.test(line));
  if (frame === undefined || frame.includes('node:') || frame.includes('/node_modules/')) return undefined;
  return /(?:file:\/\/)?(\/?[^\s(]*:\d+:\d+)\)?$/.exec(frame)?.[1];
}
