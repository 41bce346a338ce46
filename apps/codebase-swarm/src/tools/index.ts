import { homedir } from 'node:os';
import { blameTool, Git } from '@omnipaw/host';
import { listTool } from './list.js';
import { runnerFor } from './runner.js';
import { scanTool } from './scan.js';
import { diffTool, editTool, registerTool, type Directories } from './workspace.js';

export type Tools = ReturnType<typeof createTools>;

/** `excluded` is the output directory as the source sees it, if it lies inside. */
export function createTools(directories: Directories, excluded?: string) {
  const { source } = directories;
  // The code base may be a part of a repository, and what git ignores is said by its user's settings, too.
  const git = new Git(source, runnerFor(source), { home: homedir(), around: true });
  return {
    list: listTool({ source, git, excluded }),
    scan: scanTool(source),
    blame: blameTool('host.git.blame', git, source),
    edit: editTool(directories),
    diff: diffTool(directories),
    register: registerTool(directories),
  };
}
