import type { Workspace } from '../paths/workspace.js';
import { applyPatchTool } from './apply-patch.js';
import { deleteTool } from './delete.js';
import { listDirTool } from './list-dir.js';
import { readFileTool } from './read-file.js';
import { searchTool } from './search.js';
import { statTool } from './stat.js';
import { writeFileTool } from './write-file.js';

/** The tools for the files of a workspace; `prefix` is what their names begin with. */
export function fileTools(prefix: string, workspace: Workspace) {
  return {
    readFile: readFileTool(`${prefix}.read_file`, workspace),
    writeFile: writeFileTool(`${prefix}.write_file`, workspace),
    listDir: listDirTool(`${prefix}.list_dir`, workspace),
    stat: statTool(`${prefix}.stat`, workspace),
    search: searchTool(`${prefix}.search`, workspace),
    applyPatch: applyPatchTool(`${prefix}.apply_patch`, workspace),
    delete: deleteTool(`${prefix}.delete`, workspace),
  };
}

export type FileTools = ReturnType<typeof fileTools>;
