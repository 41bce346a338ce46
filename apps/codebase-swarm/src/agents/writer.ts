import { defineAgent, type AgentContext, type Instruction } from '@omnipaw/kernel';
import type { AreaSummary, PlanItem } from '../plan/findings.js';
import { registerPieces } from '../plan/register.js';
import type { Tools } from '../tools/index.js';
import { MAX_FILES_PER_DIFF, type DiffArguments } from '../tools/workspace.js';
import { readGrant, readPages } from './board.js';
import { ACCEPTED } from './chair.js';
import { chunks } from './chunks.js';
import { PLAN } from './planner.js';

export interface WriterInput {
  /** Pages of the plan, and of accepted patches. */
  readonly pages: number;
  readonly patchPages: number;
  readonly areas: readonly AreaSummary[];
  readonly now: number;
  readonly hasHistory: boolean;
  readonly filesRead: number;
}

export interface WriteReport {
  readonly files: number;
  readonly hunks: number;
  /** Files that were changed at the source after the vote. */
  readonly leftOut: readonly string[];
  readonly patchBytes: number;
  readonly registerBytes: number;
}

export const WRITER_GRANTS = ['call:workspace.diff', 'call:workspace.register', readGrant(PLAN), readGrant(ACCEPTED)];

const PIECES_CHARS = 64 * 1024;

/** Writes the patch of all that was accepted, and the register. */
export function writerAgent(tools: Tools) {
  return defineAgent<WriterInput, WriteReport>('writer', function* (ctx, { pages, patchPages, ...rest }) {
    const accepted = yield* readPages<DiffArguments['files'][number], unknown>(ctx, ACCEPTED, patchPages);
    const leftOut: string[] = [];
    let [end, files, hunks] = [0, 0, 0];
    for (const some of chunks(accepted, MAX_FILES_PER_DIFF)) {
      const diff = yield* ctx.tool(tools.diff, { files: some, offset: end });
      end = diff.end;
      files += diff.files;
      hunks += diff.hunks;
      leftOut.push(...diff.changed);
    }
    const items = yield* readPages<PlanItem, unknown>(ctx, PLAN, pages);
    const registerBytes = yield* writeRegister(ctx, tools, registerPieces({ items, ...rest }));
    return { files, hunks, leftOut, patchBytes: end, registerBytes };
  });
}

function* writeRegister(ctx: AgentContext, tools: Tools, pieces: readonly string[]): Generator<Instruction, number> {
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
