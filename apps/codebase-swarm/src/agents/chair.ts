/** Takes the vote on all patches: of the jury, and of the check if there is one. */
import { defineAgent, type AgentContext, type Instruction } from '@omnipaw/kernel';
import { readGrant, readPage, writeGrant, writePage } from './board.js';
import { Check, type CheckReport } from './checking.js';
import { jurorAgent, Jury, JURY_GRANTS } from './jury.js';
import { addChanges, NO_CHANGES, PATCHES, type Changes, type Patch } from './patching.js';
import { isAccepted, reasonsAgainst, type Votes } from './verdict.js';
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

/** A patch that is not taken, with all that speaks against it. */
export interface Objected {
  readonly path: string;
  readonly reasons: readonly string[];
}

/** `edits` and `fixes` are those of the accepted ones. */
export interface VoteReport extends Changes {
  readonly accepted: number;
  readonly rejected: number;
  /** Of the rejected ones, up to some hundred. */
  readonly against: readonly Objected[];
  readonly check: CheckReport | null;
}

const MAX_AGAINST = 500;

type Steps<Result> = Generator<Instruction, Result>;

export function chairAgent(tools: Tools) {
  const juror = jurorAgent(tools);
  const chair = defineAgent<ChairInput, VoteReport>('chair', function* (ctx, { pages, check: command }) {
    const votes = yield* ballots(ctx, yield* Jury.call(ctx, juror), pages);
    const candidates = [...votes.keys()].filter((path) => isAccepted(votes.get(path)));
    const checked = command === null || candidates.length === 0 ? undefined : yield* new Check(ctx, tools, command).judge(candidates);
    for (const [path, check] of checked?.votes ?? []) votes.set(path, { ...votes.get(path), check });
    return yield* publish(ctx, { pages, votes, check: checked?.report ?? null });
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
  return all;
}

interface Vote {
  readonly pages: number;
  readonly votes: ReadonlyMap<string, Votes>;
  readonly check: CheckReport | null;
}

/** Puts on the board what was accepted. */
function* publish(ctx: AgentContext, { pages, votes, check }: Vote): Steps<VoteReport> {
  const against: Objected[] = [];
  let [accepted, rejected] = [0, 0];
  let sum: Changes = NO_CHANGES;
  for (let page = 0; page < pages; page++) {
    const patches = yield* readPage<Patch, unknown>(ctx, PATCHES, page);
    const good = patches.filter(({ path }) => isAccepted(votes.get(path)));
    const bad = patches.filter(({ path }) => !isAccepted(votes.get(path)));
    if (good.length > 0) yield* writePage(ctx, { list: ACCEPTED, page, items: good.map(({ path, sha256 }) => ({ path, sha256 })) });
    sum = addChanges(sum, good);
    accepted += good.length;
    rejected += bad.length;
    for (const { path } of bad) if (against.length < MAX_AGAINST) against.push({ path, reasons: reasonsAgainst(votes.get(path)) });
  }
  return { accepted, rejected, against, ...sum, check };
}
