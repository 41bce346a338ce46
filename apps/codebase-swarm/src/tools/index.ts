import { homedir } from 'node:os';
import { bashTool, blameTool, Git } from '@omnipaw/host';
import { copyTool, type Copied } from './check.js';
import { listTool } from './list.js';
import { commentsTool, linesTool, programTool } from './review.js';
import { runnerFor } from './runner.js';
import { scanTool } from './scan.js';
import { diffTool, editTool, registerTool } from './workspace.js';

export type Tools = ReturnType<typeof createTools>;

/** `copy` is where the check runs. */
export function createTools({ source, output, copy, excluded }: Copied) {
  // The code base may be a part of a repository, and what git ignores is said by its user's settings, too.
  const git = new Git(source, runnerFor(source, GIT_PROCESSES), { home: homedir(), around: true });
  const directories = { source, output };
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
