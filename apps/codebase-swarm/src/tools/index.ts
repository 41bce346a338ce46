import { blameTool } from './blame.js';
import { listTool } from './list.js';
import { scanTool } from './scan.js';
import { diffTool, editTool, registerTool, type Directories } from './workspace.js';

export type Tools = ReturnType<typeof createTools>;

/** `excluded` is the output directory as the source sees it, if it lies inside. */
export function createTools(directories: Directories, excluded?: string) {
  const { source } = directories;
  return {
    list: listTool(source, excluded),
    scan: scanTool(source),
    blame: blameTool(source),
    edit: editTool(directories),
    diff: diffTool(directories),
    register: registerTool(directories),
  };
}
