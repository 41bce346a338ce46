/** Trees of files to try the agents on. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** An empty directory that is gone when the test is over. */
export function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'omnipaw-swarm-')));
  onTestFinished(() => { rmSync(directory, { recursive: true, force: true }); });
  return directory;
}

export function writeFiles(root: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  }
}

/** A directory with these files. */
export function tree(files: Files): string {
  const root = temporaryDirectory();
  writeFiles(root, files);
  return root;
}

export interface Commit {
  readonly author: string;
  /** The day of authoring, `2024-03-01`. */
  readonly date: string;
  readonly files: Files;
}

/** Runs git in a directory, whatever the machine's own configuration says. */
export function runGit(root: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync('git', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null', ...env },
  });
}

/** A git repository with these commits. */
export function repository(...commits: readonly Commit[]): string {
  const root = temporaryDirectory();
  runGit(root, ['init', '-q', '-b', 'main']);
  for (const { author, date, files } of commits) {
    writeFiles(root, files);
    runGit(root, ['add', '--all', '--force']);
    const when = `${date}T12:00:00Z`;
    runGit(root, ['-c', 'commit.gpgsign=false', 'commit', '-q', '--no-verify', '-m', `by ${author}`], {
      GIT_AUTHOR_NAME: author,
      GIT_AUTHOR_EMAIL: 'author@example.org',
      GIT_AUTHOR_DATE: when,
      GIT_COMMITTER_NAME: 'Committer',
      GIT_COMMITTER_EMAIL: 'committer@example.org',
      GIT_COMMITTER_DATE: when,
    });
  }
  return root;
}

/** A digest of all names, contents, modes and times in a tree, git's own directory included. */
export function fingerprint(root: string): string {
  const hash = createHash('sha256');
  const visit = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const file = path.join(folder, name);
      const stats = lstatSync(file);
      hash.update(`${path.relative(root, file)}\0${stats.mode}\0${stats.mtimeMs}\0`);
      if (stats.isSymbolicLink()) hash.update(readlinkSync(file));
      else if (stats.isDirectory()) visit(file);
      else if (stats.isFile()) hash.update(readFileSync(file));
    }
  };
  visit(root);
  return hash.digest('hex');
}
