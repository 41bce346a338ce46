import type { Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import * as fs from './fs/index.js';
import * as git from './git/index.js';
import { fetchOptions, fetchTool, type FetchOptions } from './net/index.js';
import { Workspace } from './paths/workspace.js';
import { checkOptions, optionsOf, text } from './schemas/options.js';
import { bashOptions, bashTool, chooseRunner, environment, LocalRunner, maxProcesses, type BashOptions, type CommandRunner } from './system/index.js';

export interface HostOptions {
  /** The directory that nothing leads out of. */
  readonly root: string;
  /** What the names of the tools begin with, so that there can be several roots: `host` unless given. */
  readonly name?: string;
  readonly bash?: BashOptions;
  readonly net?: FetchOptions;
  readonly git?: git.GitOptions;
  /** Runners beside the local one; `SANDBOX_MODE` chooses by their `mode`. */
  readonly runners?: readonly CommandRunner[];
  /** The variables of this process, of which commands get `PATH` and `TZ`; `process.env` unless given. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Processes that a local command may have at once: 256 unless given. */
  readonly maxProcesses?: number;
}

const DEFAULT_PROCESSES = 256;

const givenRunner = v.custom(isRunner, 'must be a runner: an object with a mode, which is not "local", and a function exec');

/** @internal For a test, which compares it with the page. */
export const hostOptions = optionsOf<Exclude<keyof HostOptions, 'root'>>(
  { name: text, bash: bashOptions, net: fetchOptions, git: git.gitOptions, runners: v.array(givenRunner), environment, maxProcesses },
  { root: text },
);

/** One that calls itself local would never be chosen: that name has the one that is there anyway. */
function isRunner(given: unknown): boolean {
  const { mode, exec } = (given ?? {}) as Readonly<Record<string, unknown>>;
  return typeof mode === 'string' && mode !== '' && mode !== 'local' && typeof exec === 'function';
}

/**
 * The tools of a machine, each for a grant of its own (`call:host.fs.read_file`).
 *
 * Throws a `TypeError` for a root that is no directory and for an option that is not known or can't be what it is, and
 * `SANDBOX_UNAVAILABLE` when there is no runner that `SANDBOX_MODE` names.
 */
export function hostTools(options: HostOptions) {
  checkOptions('hostTools', hostOptions, options);
  const { root, name = 'host', environment: variables = process.env } = options;
  const workspace = new Workspace(root);
  const local = new LocalRunner(workspace, { environment: variables, maxProcesses: options.maxProcesses ?? DEFAULT_PROCESSES });
  const runner = chooseRunner([local, ...(options.runners ?? [])], variables);
  const tools = {
    fs: fileTools(`${name}.fs`, workspace),
    system: { bash: bashTool(`${name}.system.bash`, runner, options.bash) },
    net: { fetch: fetchTool(`${name}.net.fetch`, options.net) },
    git: gitTools(`${name}.git`, workspace, new git.Git(workspace, runner, options.git)),
  };
  const all: readonly Tool[] = [...Object.values(tools.fs), ...Object.values(tools.system), ...Object.values(tools.net), ...Object.values(tools.git)];
  return { ...tools, all };
}

/** All tools of a machine, by name, and `all` of them in a list. */
export type HostTools = ReturnType<typeof hostTools>;

function fileTools(prefix: string, workspace: Workspace) {
  return {
    readFile: fs.readFileTool(`${prefix}.read_file`, workspace),
    writeFile: fs.writeFileTool(`${prefix}.write_file`, workspace),
    listDir: fs.listDirTool(`${prefix}.list_dir`, workspace),
    stat: fs.statTool(`${prefix}.stat`, workspace),
    search: fs.searchTool(`${prefix}.search`, workspace),
    applyPatch: fs.applyPatchTool(`${prefix}.apply_patch`, workspace),
    delete: fs.deleteTool(`${prefix}.delete`, workspace),
  };
}

function gitTools(prefix: string, workspace: Workspace, repository: git.Git) {
  return {
    status: git.statusTool(`${prefix}.status`, repository),
    diff: git.diffTool(`${prefix}.diff`, repository),
    log: git.logTool(`${prefix}.log`, repository),
    blame: git.blameTool(`${prefix}.blame`, repository, workspace),
    commit: git.commitTool(`${prefix}.commit`, repository),
  };
}
