/** Takes the vote on all patches: of the jury, and of the check if there is one. */
import { defineAgent, type AgentContext, type Instruction } from '@omnipaw/kernel';
import { readGrant, readPage, writeGrant, writePage } from './board.js';
import { Check, type Checked, type CheckReport } from './checking.js';
import { jurorAgent, Jury, JURY_GRANTS } from './jury.js';
import { changesOf, PATCHES, type Patch } from './patching.js';
import { addCounts } from './read-report.js';
import { isAccepted, jurorsAccept, reasonsAgainst, type Votes } from './verdict.js';
import type { FixKind } from '../fixes/fix-script.js';
import type { Tools } from '../tools/index.js';

/** On the board: the patches that were accepted. */
export const ACCEPTED = 'accepted';

/** What the agent is called that takes the vote: jurors answer it. */
export const CHAIR = 'chair';
export const CHAIR_GRANTS = [...JURY_GRANTS, `send:${CHAIR}`, 'call:check.*', writeGrant(ACCEPTED), readGrant(ACCEPTED)];

export interface ChairInput {
  /** Pages of patches. */
  readonly pages: number;
  /** The command by which the user tells whether the code base is in order. */
  readonly check: string | null;
}

export interface Rejected {
  readonly path: string;
  readonly reasons: readonly string[];
}

export interface VoteReport {
  readonly accepted: number;
  readonly rejected: readonly Rejected[];
  /** Of the accepted ones: comments that got an id, and mechanical changes. */
  readonly edits: number;
  readonly fixes: Readonly<Partial<Record<FixKind, number>>>;
  readonly check: CheckReport | null;
}

type Steps<Result> = Generator<Instruction, Result>;

export function chairAgent(tools: Tools) {
  const juror = jurorAgent(tools);
  const chair = defineAgent<ChairInput, VoteReport>('chair', function* (ctx, { pages, check }) {
    const votes = yield* ballots(ctx, yield* Jury.call(ctx, juror), pages);
    const candidates = [...votes].filter(([, ofPatch]) => jurorsAccept(ofPatch)).map(([path]) => path);
    const checked = check === null || candidates.length === 0 ? undefined : yield* new Check(ctx, tools, check).judge(candidates);
    return yield* publish(ctx, { pages, votes: withCheck(votes, checked), check: checked?.report ?? null });
  });
  return { chair, juror };
}

/** Page by page; the jurors look at each at the same time. */
function* ballots(ctx: AgentContext, jury: Jury, pages: number): Steps<Map<string, Votes>> {
  const all = new Map<string, Votes>();
  for (let page = 0; page < pages; page++) {
    const patches = yield* readPage<Patch, unknown>(ctx, PATCHES, page);
    if (patches.length === 0) continue;
    for (const [path, votes] of yield* jury.vote(page, patches)) all.set(path, votes);
  }
  yield* jury.dismiss();
  return all;
}

function withCheck(votes: ReadonlyMap<string, Votes>, checked: Checked | undefined): ReadonlyMap<string, Votes> {
  if (checked === undefined || checked.report.outcome === 'broken') return votes;
  return new Map([...votes].map(([path, ofPatch]) => {
    const objection = checked.bad.has(path) ? `${checked.report.command} fails with it` : checked.good.has(path) ? null : 'nobody knows whether the check takes it';
    return [path, jurorsAccept(ofPatch) ? { ...ofPatch, check: { objection } } : ofPatch];
  }));
}

interface Vote {
  readonly pages: number;
  readonly votes: ReadonlyMap<string, Votes>;
  readonly check: CheckReport | null;
}

/** Puts on the board what was accepted. */
function* publish(ctx: AgentContext, { pages, votes, check }: Vote): Steps<VoteReport> {
  const rejected: Rejected[] = [];
  let accepted = 0;
  let sum: Pick<VoteReport, 'edits' | 'fixes'> = { edits: 0, fixes: {} };
  for (let page = 0; page < pages; page++) {
    const patches = yield* readPage<Patch, unknown>(ctx, PATCHES, page);
    const good = patches.filter(({ path }) => isAccepted(votes.get(path)));
    for (const { path } of patches) if (!isAccepted(votes.get(path))) rejected.push({ path, reasons: reasonsAgainst(votes.get(path)) });
    if (good.length > 0) yield* writePage(ctx, { list: ACCEPTED, page, items: good.map(({ path, sha256 }) => ({ path, sha256 })) });
    const { edits, fixes } = changesOf(good);
    sum = { edits: sum.edits + edits, fixes: addCounts(sum.fixes, fixes) };
    accepted += good.length;
  }
  return { accepted, rejected, ...sum, check };
}
