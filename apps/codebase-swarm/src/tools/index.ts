import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { bashTool, blameTool, Git, Workspace } from '@omnipaw/host';
import { CHECK_FOLDER, copyTool } from './check.js';
import { listTool } from './list.js';
import { commentsTool, linesTool, programTool } from './review.js';
import { runnerFor } from './runner.js';
import { scanTool } from './scan.js';
import { diffTool, editTool, registerTool, type Directories } from './workspace.js';

export interface ToolOptions {
  /** The output directory as the source sees it, if it lies inside. */
  readonly excluded?: string | undefined;
  /** Whether there is a command to run on a copy of the code base. */
  readonly checks?: boolean;
}

export type Tools = ReturnType<typeof createTools>;

export function createTools(directories: Directories, { excluded, checks = false }: ToolOptions = {}) {
  const { source } = directories;
  // The code base may be a part of a repository, and what git ignores is said by its user's settings, too.
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
    ...(checks ? checkTools(directories, excluded) : {}),
  };
}

/** Git starts few, and a test suite may start many. */
const GIT_PROCESSES = 64;
const CHECK_PROCESSES = 1_024;
const CHECK_TIMEOUT_MS = 30 * 60 * 1000;

function checkTools({ source, output }: Directories, excluded: string | undefined) {
  const root = path.join(output.root, CHECK_FOLDER);
  mkdirSync(root, { recursive: true });
  const copy = new Workspace(root, { names: 'any' });
  return {
    copy: copyTool({ source, output, copy, excluded }),
    check: bashTool('check.run', runnerFor(copy, CHECK_PROCESSES), { timeoutMs: CHECK_TIMEOUT_MS }),
  };
}
