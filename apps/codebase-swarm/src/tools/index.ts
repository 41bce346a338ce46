import { homedir } from 'node:os';
import { bashTool, blameTool, Git } from '@omnipaw/host';
import { copyFolder, copyTool } from './check.js';
import { listTool } from './list.js';
import { commentsTool, linesTool, programTool } from './review.js';
import { runnerFor } from './runner.js';
import { scanTool } from './scan.js';
import { diffTool, editTool, registerTool, type Directories } from './workspace.js';

export type Tools = ReturnType<typeof createTools>;

/** `excluded` is the output directory as the source sees it, if it lies inside. */
export function createTools(directories: Directories, excluded?: string) {
  const { source, output } = directories;
  // The code base may be a part of a repository, and what git ignores is said by its user's settings, too.
  const copy = copyFolder(output);
  const git = new Git(source, runnerFor(source, GIT_PROCESSES), { home: homedir(), around: true });
  return {
    list: listTool({ source, git, excluded }),
    scan: scanTool(source),
    blame: blameTool('host.git.blame', git, source),
    edit: editTool(directories),
    diff: diffTool(directories),
    register: registerTool(directories),
    comments: commentsTool(directories),
    lines: linesTool(directories),
    program: programTool(directories),
    copy: copyTool({ source, output, copy, excluded }),
    check: bashTool('check.run', runnerFor(copy, CHECK_PROCESSES), { timeoutMs: CHECK_TIMEOUT_MS }),
  };
}

/** Git starts few, and a test suite may start many. */
const GIT_PROCESSES = 64;
const CHECK_PROCESSES = 1_024;
const CHECK_TIMEOUT_MS = 30 * 60 * 1000;
