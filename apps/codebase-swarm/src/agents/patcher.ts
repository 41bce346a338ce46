import { defineAgent, type AgentContext, type Instruction } from '@omnipaw/kernel';
import type { AreaSummary, PlanItem } from '../plan/findings.js';
import { registerPieces } from '../plan/register.js';
import type { Edit } from '../tools/edit.js';
import type { Tools } from '../tools/index.js';
import { MAX_FILES_PER_DIFF } from '../tools/workspace.js';
import { readPages } from './board.js';
import { chunks } from './chunks.js';
import { PLAN } from './planner.js';

export interface PatcherInput {
  /** How many pages the plan has. */
  readonly pages: number;
  readonly areas: readonly AreaSummary[];
  readonly now: number;
  readonly hasHistory: boolean;
  readonly filesRead: number;
}

export interface PatchReport {
  readonly files: number;
  readonly edits: number;
  readonly hunks: number;
  /** Comments that were changed at the source before they could be copied. */
  readonly stale: number;
  /** Files that could not be copied, or were changed after they had been. */
  readonly leftOut: readonly string[];
  readonly patchBytes: number;
  readonly registerBytes: number;
}

export interface PatcherMemory {
  progress: { readonly done: number; readonly total: number; readonly edits: number };
}

interface Copy {
  readonly path: string;
  readonly sha256: string;
}

const EDITS_AT_ONCE = 16;
const PIECES_CHARS = 64 * 1024;

/** Writes the patch and the register, in the workspace. */
export function patcherAgent(tools: Tools) {
  return defineAgent<PatcherInput, PatchReport, PatcherMemory>('patcher', function* (ctx, { pages, ...rest }) {
    const items = yield* readPages<PlanItem, PatcherMemory>(ctx, PLAN, pages);
    const { copies, applied, stale, leftOut } = yield* makeCopies(ctx, tools, editsByPath(items));
    let end = 0;
    let files = 0;
    let hunks = 0;
    for (const some of chunks(copies, MAX_FILES_PER_DIFF)) {
      const diff = yield* ctx.tool(tools.diff, { files: some, offset: end });
      end = diff.end;
      files += diff.files;
      hunks += diff.hunks;
      leftOut.push(...diff.changed);
    }
    const registerBytes = yield* writeRegister(ctx, tools, registerPieces({ items, ...rest }));
    return { files, edits: applied, hunks, stale, leftOut, patchBytes: end, registerBytes };
  });
}

interface Copies {
  readonly copies: Copy[];
  readonly applied: number;
  readonly stale: number;
  readonly leftOut: string[];
}

function* makeCopies(ctx: AgentContext<PatcherMemory>, tools: Tools, edits: ReadonlyMap<string, Edit[]>): Generator<Instruction, Copies> {
  const copies: Copy[] = [];
  const leftOut: string[] = [];
  let applied = 0;
  let stale = 0;
  for (const some of chunks([...edits], EDITS_AT_ONCE)) {
    const results = yield* ctx.allSettled(some.map(([path, changes]) => ctx.tool(tools.edit, { path, edits: changes })));
    for (const [index, [path]] of some.entries()) {
      const result = results[index]!;
      if (result.status === 'rejected') {
        leftOut.push(path);
        continue;
      }
      const { sha256 } = result.value;
      applied += result.value.applied;
      stale += result.value.stale.length;
      if (result.value.applied > 0) copies.push({ path, sha256 });
    }
    yield* ctx.memory.set('progress', { done: copies.length + leftOut.length, total: edits.size, edits: applied });
  }
  return { copies, applied, stale, leftOut };
}

function* writeRegister(ctx: AgentContext<PatcherMemory>, tools: Tools, pieces: readonly string[]): Generator<Instruction, number> {
  let end = 0;
  let waiting = '';
  for (const [index, piece] of pieces.entries()) {
    waiting += piece;
    if (waiting.length < PIECES_CHARS && index < pieces.length - 1) continue;
    ({ end } = yield* ctx.tool(tools.register, { text: waiting, offset: end }));
    waiting = '';
  }
  return end;
}

/** What to change in each file, in the order of their paths. */
function editsByPath(items: readonly PlanItem[]): ReadonlyMap<string, Edit[]> {
  const byPath = new Map<string, Edit[]>();
  for (const { path, line, column, edit } of items) {
    if (edit === null) continue;
    const edits = byPath.get(path);
    if (edits === undefined) byPath.set(path, [{ line, column, ...edit }]);
    else edits.push({ line, column, ...edit });
  }
  return new Map([...byPath].sort(([one], [other]) => (one < other ? -1 : 1)));
}
