import path from 'node:path';
import { isContradicted } from '@omnipaw/kernel';
import type { SwarmReport } from '../agents/coordinator.js';
import { PATCH_FILE, REGISTER_FILE, WORKSPACE_FOLDER } from '../tools/workspace.js';
import type { Account } from './account.js';
import { LOG_FOLDER, type RunDirectories } from './directories.js';

/** How a run ended. */
export type RunOutcome =
  | { readonly outcome: 'completed'; readonly report: SwarmReport }
  | { readonly outcome: 'failed'; readonly error: { readonly code: string; readonly message: string } }
  | { readonly outcome: 'stopped'; readonly signal: NodeJS.Signals };

/** All that there is to say of a run: what `--json` prints. */
export interface Summary extends Account {
  readonly outcome: RunOutcome['outcome'];
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly source: string;
  readonly log: string;
  /** Null when there is nothing to change. */
  readonly patch: string | null;
  readonly workspace: string | null;
  readonly register: string | null;
  readonly head: string;
  readonly elapsedMs: number;
  readonly report: SwarmReport | null;
}

export interface SummaryInput {
  readonly directories: RunDirectories;
  readonly ending: RunOutcome;
  readonly account: Account;
  readonly elapsedMs: number;
}

export function summarise({ directories, ending, account, elapsedMs }: SummaryInput): Summary {
  const inOutput = (name: string): string => path.join(directories.output.root, name);
  const report = ending.outcome === 'completed' ? ending.report : null;
  const hasPatch = report !== null && report.write.patchBytes > 0;
  return {
    outcome: ending.outcome,
    error: ending.outcome === 'failed' ? ending.error : null,
    source: directories.source.root,
    log: inOutput(LOG_FOLDER),
    patch: hasPatch ? inOutput(PATCH_FILE) : null,
    workspace: hasPatch ? inOutput(WORKSPACE_FOLDER) : null,
    register: report === null ? null : inOutput(REGISTER_FILE),
    ...account,
    head: account.verdict.head,
    elapsedMs,
    report,
  };
}

const SIGNAL_CODES: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

export function exitCodeOf(ending: RunOutcome, { verdict }: Account): number {
  if (isContradicted(verdict, { requirePin: true })) return 1;
  if (ending.outcome === 'stopped') return SIGNAL_CODES[ending.signal] ?? 1;
  return ending.outcome === 'completed' ? 0 : 1;
}
