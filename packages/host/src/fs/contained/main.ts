/**
 * The program that runs in a container: one call of a tool for files, in the directory that it is started in. Its answer is one
 * line of JSON.
 *
 * `program.generated.ts` has it with all that it needs in one text, made by `node scripts/contained-program.mjs`.
 */
import { describeThrown, OmniError, type ToolContext } from '@omnipaw/kernel';
import { Workspace } from '../../paths/workspace.js';
import { fileTools } from '../file-tools.js';
import { jsonIn, type FileAnswer, type FileCall, type ToldError } from './file-call.js';

/** Whoever does not want the call any more ends the container. */
const CONTEXT: ToolContext = {
  agent: '',
  tool: '',
  idempotencyKey: '',
  calledAt: 0,
  attempt: 1,
  signal: new AbortController().signal,
  hasSecrets: false,
  progress: () => false,
  spend: () => undefined,
  ask: () => Promise.reject(new Error('No tool for files asks.')),
};

async function answer(): Promise<FileAnswer> {
  try {
    const { tool, args, umask } = JSON.parse(jsonIn(process.env)) as FileCall;
    if (umask !== undefined) process.umask(umask);
    const { run } = fileTools('fs', new Workspace(process.cwd()))[tool];
    return { value: await run(args as never, CONTEXT) };
  } catch (thrown) {
    return { error: toldOf(thrown) };
  }
}

function toldOf(thrown: unknown): ToldError {
  if (!(thrown instanceof OmniError)) return { code: 'FILE_SYSTEM_FAILED', message: describeThrown(thrown), details: { reason: describeThrown(thrown) } };
  const { code, message, details, cause } = thrown;
  return { code, message, details, cause: cause === undefined ? undefined : describeThrown(cause) };
}

void answer().then((told) => process.stdout.write(`${JSON.stringify(told)}\n`));
