export { applyPatchTool, type ApplyPatchArguments, type ApplyPatchResult, type PatchedFile } from './apply-patch.js';
export { deleteTool, type DeleteArguments, type DeleteResult } from './delete.js';
export { listDirTool, type ListDirArguments, type ListDirResult, type ListedItem } from './list-dir.js';
export { readFileTool, type ReadFileArguments, type ReadFileResult } from './read-file.js';
export { searchTool, type Match, type SearchArguments, type SearchResult } from './search.js';
export { statTool, type StatArguments, type StatResult } from './stat.js';
export { writeFileTool, type WriteFileArguments, type WriteFileResult } from './write-file.js';
