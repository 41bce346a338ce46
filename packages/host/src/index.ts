/**
 * The tools of a machine: files below one root, commands, HTTP, git. Each is confined, has limits, and says with a code what it
 * does not do.
 */
export { HOST_ERROR_CODES, type HostErrorCode } from './errors.js';
export { hostTools, type HostTools } from './host-tools.js';
export type { HostOptions } from './options.js';
export { Workspace, type DirectoryItem, type Found, type WorkspaceOptions } from './paths/workspace.js';
export type { NameRule } from './paths/relative-path.js';
export {
  applyPatchTool,
  deleteTool,
  listDirTool,
  readFileTool,
  searchTool,
  statTool,
  writeFileTool,
  type ApplyPatchArguments,
  type ApplyPatchResult,
  type DeleteArguments,
  type DeleteResult,
  type FileOptions,
  type ListDirArguments,
  type ListDirResult,
  type ListedItem,
  type Match,
  type PatchedFile,
  type ReadFileArguments,
  type ReadFileResult,
  type SearchArguments,
  type SearchResult,
  type StatArguments,
  type StatResult,
  type WriteFileArguments,
  type WriteFileResult,
} from './fs/index.js';
export {
  assertPlainCommand,
  bashTool,
  chooseRunner,
  hostEnvironment,
  LocalRunner,
  OutputWindow,
  textOfOutput,
  type BashArguments,
  type BashOptions,
  type BashResult,
  type CapturedOutput,
  type Command,
  type CommandEnd,
  type CommandOutput,
  type CommandResult,
  type CommandRunner,
  type ExecOptions,
  type LocalRunnerOptions,
  type OutputChunk,
} from './system/index.js';
export { fetchTool, type AllowedHost, type Connect, type Connection, type FetchArguments, type FetchOptions, type FetchResult, type Resolve } from './net/index.js';
export {
  blameTool,
  commitTool,
  diffTool,
  Git,
  logTool,
  statusTool,
  type BlameArguments,
  type BlameResult,
  type ChangedPath,
  type CommitArguments,
  type CommitResult,
  type DiffArguments,
  type DiffResult,
  type GitAnswer,
  type GitOptions,
  type LogArguments,
  type LoggedCommit,
  type LogResult,
  type Origin,
  type StatusResult,
} from './git/index.js';
