import type { Tool } from '@omnipaw/kernel';
import * as fs from './fs/index.js';
import * as git from './git/index.js';
import { fetchTool } from './net/index.js';
import { hostOptions } from './option-schemas.js';
import type { HostOptions } from './options.js';
import { Workspace } from './paths/workspace.js';
import { checkOptions } from './schemas/options.js';
import { alsoContained, bashTool, chooseRunner, hostEnvironment, LocalRunner } from './system/index.js';

const DEFAULT_PROCESSES = 256;

/**
 * The tools of a machine, each for a grant of its own (`call:host.fs.read_file`).
 *
 * Throws a `TypeError` for a root that is no directory and for an option that is not known or can't be what it is, and
 * `SANDBOX_UNAVAILABLE` when there is no runner that `SANDBOX_MODE` names, or it stands in a file in the root.
 */
export function hostTools(options: HostOptions) {
  checkOptions('hostTools', hostOptions, options);
  const { root, name = 'host' } = options;
  const workspace = new Workspace(root);
  const variables = options.environment ?? hostEnvironment(process.cwd(), workspace.root);
  const local = new LocalRunner(workspace, { environment: variables, maxProcesses: options.maxProcesses ?? DEFAULT_PROCESSES });
  const runner = chooseRunner([local, ...(options.runners ?? [])], variables);
  const contained = alsoContained(variables);
  const files = fs.fileTools(`${name}.fs`, workspace);
  const tools = {
    fs: (options.fs?.contained ?? contained.has('fs')) && runner !== local ? fs.containedTools(files, { runner, workspace }) : files,
    system: { bash: bashTool(`${name}.system.bash`, runner, options.bash) },
    net: { fetch: fetchTool(`${name}.net.fetch`, options.net) },
    git: gitTools(`${name}.git`, workspace, new git.Git(workspace, (options.git?.contained ?? contained.has('git')) ? runner : local, options.git)),
  };
  const all: readonly Tool[] = [...Object.values(tools.fs), ...Object.values(tools.system), ...Object.values(tools.net), ...Object.values(tools.git)];
  return { ...tools, all };
}

/** All tools of a machine, by name, and `all` of them in a list. */
export type HostTools = ReturnType<typeof hostTools>;

function gitTools(prefix: string, workspace: Workspace, repository: git.Git) {
  return {
    status: git.statusTool(`${prefix}.status`, repository),
    diff: git.diffTool(`${prefix}.diff`, repository),
    log: git.logTool(`${prefix}.log`, repository),
    blame: git.blameTool(`${prefix}.blame`, repository, workspace),
    commit: git.commitTool(`${prefix}.commit`, repository),
  };
}
