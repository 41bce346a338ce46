import type { Json } from '@omnipaw/kernel';
import { inOneLine } from '../schemas/index.js';

/** What the file tools of a machine do, by the last part of their names; a patch can be of any files. */
const MODES: Readonly<Record<string, 'read' | 'write'>> = Object.freeze({
  'host.fs.read_file': 'read', 'host.fs.list_dir': 'read', 'host.fs.stat': 'read', 'host.fs.search': 'read',
  'host.fs.write_file': 'write', 'host.fs.delete': 'write', 'host.fs.apply_patch': 'write',
});

export interface Files {
  readonly mode: 'read' | 'write';
  /** At or below which all of it is. */
  readonly path: string;
  /** What was asked for, for people. */
  readonly asked: string;
}

const MAX_SHOWN_PATH = 200;

/**
 * What a call of a file tool is about; undefined for other tools. The path is one that a permission may cover: with `/` between its
 * parts and no detours. One that is not in that form is about everything; whether it leads anywhere is the tool's to judge, which follows no links.
 */
export function filesIn(tool: string, args: Json): Files | undefined {
  const mode = Object.hasOwn(MODES, tool) ? MODES[tool]! : undefined;
  if (mode === undefined) return undefined;
  const path = typeof args === 'object' && args !== null && !Array.isArray(args) ? (args as { readonly path?: Json }).path : undefined;
  const isOfOne = tool !== 'host.fs.apply_patch' && typeof path === 'string';
  return { mode, path: isOfOne && isPlain(path) ? path : '.', asked: isOfOne ? inOneLine(path.slice(0, MAX_SHOWN_PATH)) : '.' };
}

function isPlain(path: string): boolean {
  return !/[\\\0]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
