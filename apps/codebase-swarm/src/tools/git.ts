/** Asks git, and lets nothing in the repository make it do more than answer. */
import { spawn } from 'node:child_process';
import { OmniError, type ToolContext } from '@omnipaw/kernel';

export interface GitAnswer {
  readonly exitCode: number;
  readonly stdout: Buffer;
  /** The last line of what git complained about. */
  readonly complaint: string;
}

/** No monitor and no hook of the repository's own choosing runs, and the index is not refreshed: that would be a write. */
const QUIET = ['--no-pager', '--no-optional-locks', '-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'];
/** Left over from a hook or an alias that runs this program, these would point git at another repository. */
const LOCAL_VARIABLES = /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|PREFIX|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|.*PATHSPECS)$/;
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** Runs git in a directory; rejects with `GIT_UNAVAILABLE` when it can't be started, and when `signal` says so. */
export function git(directory: string, args: readonly string[], signal: ToolContext['signal']): Promise<GitAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...QUIET, ...args], {
      cwd: directory,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    const stdout: Buffer[] = [];
    let stdoutBytes = 0;
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      stdoutBytes += chunk.length;
      if (stdoutBytes > MAX_ANSWER_BYTES) child.kill();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-4096)));
    child.on('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'ENOENT' ? 'there is no git on this machine' : cause.message;
      reject(new OmniError('GIT_UNAVAILABLE', `git could not be asked: ${why}.`, { cause }));
    });
    child.on('close', (exitCode) => {
      resolve({ exitCode: exitCode ?? 1, stdout: Buffer.concat(stdout), complaint: stderr.trim().split('\n').at(-1) ?? '' });
    });
  });
}

function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !LOCAL_VARIABLES.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C.UTF-8', GIT_TERMINAL_PROMPT: '0', GIT_NO_LAZY_FETCH: '1' };
}
