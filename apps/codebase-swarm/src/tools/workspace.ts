/** The tools that write. They reach the output directory only: no tool of this app writes to the source. */
import { createHash } from 'node:crypto';
import type { Workspace } from '@omnipaw/host';
import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { findFixes, fixScript, type FixKind } from '../fixes/fix-script.js';
import { countsOf, type Counts } from '../plan/counts.js';
import { applyEdits, type Edit } from './edit.js';
import { count, MAX_SOURCE_BYTES, text } from './schemas.js';
import { filePatch } from './unified-diff.js';

export const PATCH_FILE = 'changes.patch';
export const REGISTER_FILE = 'TODO.md';
export const WORKSPACE_FOLDER = 'workspace';

export interface EditArguments {
  readonly path: string;
  readonly edits: readonly Edit[];
  /** Whether what can be fixed mechanically is fixed, too. */
  readonly fix: boolean;
}

export interface EditResult {
  /** Digest of the source file from which the copy was made. */
  readonly sha256: string;
  readonly applied: number;
  /** Lines on which the source says something else by now. */
  readonly stale: readonly number[];
  /** How many of each kind. */
  readonly fixes: Counts<FixKind>;
  /** Whether there is a copy: there is none of what stays as it is. */
  readonly isChanged: boolean;
}

export interface DiffArguments {
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** Where in the patch they go: the end of what was written before. */
  readonly offset: number;
}

export interface DiffResult {
  /** Where the patch ends now. */
  readonly end: number;
  readonly files: number;
  readonly hunks: number;
  /** Files that were changed at the source after they had been copied; they are not in the patch. */
  readonly changed: readonly string[];
}

export interface RegisterArguments {
  readonly text: string;
  readonly offset: number;
}

export interface Directories {
  readonly source: Workspace;
  readonly output: Workspace;
}

export const MAX_FILES_PER_DIFF = 50;
const MAX_EDITS = 500;
/** A copy is longer than its source by what was put into it. */
export const MAX_COPY_BYTES = 2 * MAX_SOURCE_BYTES;

/** Copies a source file into the workspace, with some of its comments changed. From the source each time, so repeatable. */
export function editTool({ source, output }: Directories): Tool<EditArguments, EditResult> {
  return defineTool({
    name: 'workspace.edit',
    description: 'Makes a workspace copy of a file with some words of it replaced, and mechanical fixes made.',
    input: v.strictObject({
      path: text,
      edits: v.pipe(v.array(v.strictObject({ line: count, column: count, from: text, to: text })), v.maxLength(MAX_EDITS)),
      fix: v.boolean(),
    }),
    idempotent: true,
    run: async ({ path, edits, fix }): Promise<EditResult> => {
      const before = await source.readText(path, MAX_SOURCE_BYTES);
      const { edited, stale } = applyEdits(before, edits);
      // After the edits, which are in comments and move no line.
      const after = fix ? fixScript(path, edited) : edited;
      const fixes = after === edited ? {} : countsOf(findFixes(path, edited).map(({ kind }) => kind));
      const isChanged = after !== before;
      if (isChanged) await output.write(`${WORKSPACE_FOLDER}/${path}`, Buffer.from(after));
      return { sha256: digest(before), applied: edits.length - stale.length, stale, fixes, isChanged };
    },
  });
}

/** Writes the differences between source files and their copies to the patch, from some byte on. */
export function diffTool({ source, output }: Directories): Tool<DiffArguments, DiffResult> {
  return defineTool({
    name: 'workspace.diff',
    description: 'Adds the changes of some files to the patch.',
    input: v.strictObject({
      files: v.pipe(v.array(v.strictObject({ path: text, sha256: text })), v.maxLength(MAX_FILES_PER_DIFF)),
      offset: count,
    }),
    idempotent: true,
    run: async ({ files, offset }): Promise<DiffResult> => {
      const changed: string[] = [];
      const patches: { text: string; hunks: number }[] = [];
      for (const { path, sha256 } of files) {
        const before = await source.readText(path, MAX_SOURCE_BYTES).catch(() => undefined);
        const after = await output.readText(`${WORKSPACE_FOLDER}/${path}`, MAX_COPY_BYTES);
        // Against another source than the copy's, the patch would take somebody's work back.
        if (before === undefined || digest(before) !== sha256) changed.push(path);
        else patches.push(filePatch(path, before, after));
      }
      const patch = patches.map(({ text: part }) => part).join('');
      const end = patch === '' ? offset : await output.writeAt(PATCH_FILE, offset, Buffer.from(patch));
      return { end, files: patches.length, hunks: patches.reduce((sum, { hunks }) => sum + hunks, 0), changed };
    },
  });
}

/** Writes the register from some byte on. */
export function registerTool({ output }: Directories): Tool<RegisterArguments, { readonly end: number }> {
  return defineTool({
    name: 'workspace.register',
    description: 'Writes a piece of the register.',
    input: v.strictObject({ text, offset: count }),
    idempotent: true,
    run: async (args) => ({ end: await output.writeAt(REGISTER_FILE, args.offset, Buffer.from(args.text)) }),
  });
}

export function digest(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
