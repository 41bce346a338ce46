export { blameTool, type BlameArguments, type BlameResult, type Origin } from './blame.js';
export { commitTool, type CommitArguments, type CommitResult } from './commit.js';
export { diffTool, type DiffArguments, type DiffResult } from './diff.js';
export { Git, type GitAnswer } from './git.js';
export { logTool, type LogArguments, type LoggedCommit, type LogResult } from './log.js';
export type { GitOptions } from './options.js';
export { statusTool, type ChangedPath, type StatusResult } from './status.js';
