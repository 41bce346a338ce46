/**
 * The tools for files, whose work is done where commands run: by the same code, in a program that lives for one call.
 *
 * 1. What they are called, take, give and throw is as on this machine; of what comes back nothing is taken that a tool could not
 *    have said (`answer.ts`).
 * 2. Writes are one after the other, as on this machine; one that nobody wants any more when its turn comes is not begun.
 */
import type { OmniError, Tool, ToolContext } from '@omnipaw/kernel';
import { hostError } from '../../errors.js';
import type { Workspace } from '../../paths/workspace.js';
import type { Command, CommandEnd, CommandResult, CommandRunner, ExecOptions } from '../../system/index.js';
import type { FileTools } from '../file-tools.js';
import { resultIn } from './answer.js';
import { variablesOf, type FileCall } from './file-call.js';
import { PROGRAM } from './program.generated.js';
import { currentUmask } from './umask.js';

/** What any tool for files may take on a machine. */
const RUN_MS = 60_000;
/** With room for the container, and for the writes before this one. */
const TIMEOUT_MS = 120_000;
/** The largest answer has an error with 1 MiB of a patch in it, three times. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/** Linux takes 2 MiB of words and variables, unless somebody has given it a smaller stack. */
const MAX_CALL_BYTES = 1536 * 1024;
const MAX_COMPLAINT_CHARS = 300;

const COMMAND: Command = ['node', '--input-type=commonjs', '-e', PROGRAM];

/** As a shell says it of a program that it has not found. */
const NOT_FOUND = 127;

type Name = keyof FileTools;
const WRITING: ReadonlySet<Name> = new Set<Name>(['writeFile', 'applyPatch', 'delete']);

export interface Container {
  readonly runner: CommandRunner;
  /** The one that the tools were made for. */
  readonly workspace: Workspace;
}

/**
 * Tools like these, in containers.
 *
 * They throw what these throw, `SANDBOX_UNAVAILABLE` where there is no node, `FILE_SYSTEM_FAILED` when a call was ended or its answer is
 * none, and what the runner throws.
 */
export function containedTools(tools: FileTools, container: Container): FileTools {
  const contain = <Args, Result>(name: Name, tool: Tool<Args, Result>): Tool<Args, Result> =>
    Object.freeze({ ...tool, timeoutMs: TIMEOUT_MS, run: (args: unknown, context: ToolContext) => runContained(container, { name, args }, context) });
  return {
    readFile: contain('readFile', tools.readFile),
    writeFile: contain('writeFile', tools.writeFile),
    listDir: contain('listDir', tools.listDir),
    stat: contain('stat', tools.stat),
    search: contain('search', tools.search),
    applyPatch: contain('applyPatch', tools.applyPatch),
    delete: contain('delete', tools.delete),
  };
}

interface Asked {
  readonly name: Name;
  readonly args: unknown;
}

async function runContained({ runner, workspace }: Container, asked: Asked, context: ToolContext): Promise<unknown> {
  const options = optionsFor(asked, context);
  const exec = async (): Promise<CommandResult> => {
    if (context.signal.aborted) throw endedError('abort', false);
    return runner.exec(COMMAND, options);
  };
  const writes = WRITING.has(asked.name);
  const result = await (writes ? workspace.alone(exec) : exec());
  if (result.endedBy !== 'itself') throw endedError(result.endedBy, writes);
  if (result.exitCode !== 0) throw exitError(result, context.hasSecrets);
  return resultIn(result.stdout.head, asked.name);
}

function optionsFor({ name, args }: Asked, { agent, tool, idempotencyKey, signal }: ToolContext): ExecOptions {
  const call: FileCall = { tool: name, args, umask: currentUmask() };
  const json = JSON.stringify(call);
  const bytes = Buffer.byteLength(json);
  if (bytes > MAX_CALL_BYTES) {
    const reason = `the call has ${bytes} bytes as JSON, and a container can be told ${MAX_CALL_BYTES}. Write in pieces (offset), or give several patches`;
    throw hostError('FILE_TOO_LARGE', `Nothing was done: ${reason}.`, { details: { reason } });
  }
  return { cwd: '.', env: variablesOf(json), timeoutMs: RUN_MS, caller: { agent, tool, idempotencyKey }, signal, maxOutputBytes: MAX_ANSWER_BYTES };
}

const ENDS: Readonly<Record<Exclude<CommandEnd, 'itself'>, string>> = {
  timeout: `it took more than ${RUN_MS / 1_000} seconds`,
  abort: 'nobody wants it any more',
  output: 'it printed more than any answer has',
  processes: 'it had more processes than it may have there',
  memory: 'it took more memory than it may take there; give containers more',
  disk: 'the disk of the root was filling up',
};

/** `mayBeDone` is whether files may have been changed. */
function endedError(endedBy: Exclude<CommandEnd, 'itself'>, mayBeDone: boolean): OmniError {
  const reason = ENDS[endedBy];
  return hostError('FILE_SYSTEM_FAILED', `The call was ended in its container: ${reason}.${mayBeDone ? ' Whether it was done nobody knows: look at the files.' : ''}`, { details: { reason, endedBy } });
}

function exitError({ exitCode, stderr }: CommandResult, hasSecrets: boolean): OmniError {
  if (exitCode === NOT_FOUND) {
    const reason = 'there is no node where commands run. Take an image that has it (node:22-alpine), or read and write files on the machine (fs: { contained: false })';
    return hostError('SANDBOX_UNAVAILABLE', `Nothing was done: ${reason}.`, { details: { reason } });
  }
  // A part of a secret could not be taken out of it.
  const complaint = hasSecrets ? '' : complaintIn(Buffer.concat([stderr.head, stderr.tail]).toString('utf8'));
  const reason = `node ended with exit code ${exitCode ?? 'none'} in the container${complaint === '' ? '' : ` (${complaint})`}`;
  return hostError('FILE_SYSTEM_FAILED', `Nobody knows what was done: ${reason}.`, { details: { reason } });
}

/** What was wrong, and not the trace that comes with it, nor the program, which is one long line. */
function complaintIn(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /^(\w*Error|FATAL|node)\b/.test(line)) ?? lines.at(-1) ?? '').slice(0, MAX_COMPLAINT_CHARS);
}
