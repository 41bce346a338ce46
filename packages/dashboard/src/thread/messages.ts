/** What a kernel's thread and the one of its dashboard say to one another. */
import type { Folders } from '../folders.js';
import type { ProblemPayload } from '../protocol/index.js';
import type { DashboardOptions } from '../server/options.js';
import type { ApprovalDecision } from '../source/source.js';

/** What the thread of the dashboard begins with. */
export interface ThreadData {
  readonly directory: string;
  readonly options: DashboardOptions;
  /** As the other thread knows them. */
  readonly folders: Folders;
  /** Whether there is a kernel to tell about approvals. */
  readonly isDecidable: boolean;
}

export type ToDashboard =
  | { readonly type: 'decided'; readonly id: number; readonly failure: ThreadFailure | null }
  | { readonly type: 'report'; readonly problem: Omit<ProblemPayload, 'at'> }
  | { readonly type: 'close' };

export type FromDashboard =
  | { readonly type: 'listens'; readonly url: string }
  | { readonly type: 'failed'; readonly failure: ThreadFailure }
  | { readonly type: 'decide'; readonly id: number; readonly decision: ApprovalDecision }
  | { readonly type: 'closed' };

/** An error, as it gets from one thread to the other. */
export interface ThreadFailure {
  readonly code: string;
  readonly message: string;
}
