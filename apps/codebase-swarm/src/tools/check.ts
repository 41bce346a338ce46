/** The copy on which the command runs by which the user tells whether the code base is in order. */
import { chownSync, constants, mkdirSync, statSync } from 'node:fs';
import { copyFile, lchown, mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Workspace } from '@omnipaw/host';
import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { text } from './schemas.js';
import { MAX_COPY_BYTES, WORKSPACE_FOLDER, type Directories } from './workspace.js';

const CHECK_FOLDER = 'check';
/** Results of earlier runs. */
const RUNS_FOLDER = '.omnipaw';

export interface CopyArguments {
  /** The changed files that the copy has; the others are as they are in the source. */
  readonly changed: readonly string[];
}

export interface Copied extends Directories {
  readonly copy: Workspace;
  /** The output as the source sees it, if it lies inside. */
  readonly excluded: string | undefined;
}

/** Where the copy is made, which is there as long as the swarm is. It belongs to whom the source belongs to, as whom commands may run in containers. */
export function copyFolder({ source, output }: Directories): Workspace {
  const root = path.join(output.root, CHECK_FOLDER);
  mkdirSync(root, { recursive: true });
  if (isRoot()) chownSync(root, ...ownerOf(source));
  return new Workspace(root, { names: 'any' });
}

/** It is large, and no result. What the command has left may still be on its way out. */
export async function removeCopy(output: Workspace): Promise<void> {
  await rm(path.join(output.root, CHECK_FOLDER), { recursive: true, force: true, maxRetries: 10 });
}

/** Copies the code base as a whole, also what git ignores: its dependencies are among that. What an earlier check has left is gone. */
export function copyTool({ source, output, copy, excluded }: Copied): Tool<CopyArguments, null> {
  return defineTool({
    name: 'check.copy',
    description: 'Makes a copy of the code base with some of its files changed.',
    input: v.strictObject({ changed: v.array(text) }),
    idempotent: true,
    timeoutMs: 600_000,
    run: async ({ changed }, { signal }): Promise<null> => {
      for (const name of await readdir(copy.root)) await rm(path.join(copy.root, name), { recursive: true, force: true, maxRetries: 10 });
      const left = new Set([RUNS_FOLDER, ...(excluded === undefined ? [] : [excluded])].map((name) => path.join(source.root, name)));
      await new Copying({ from: source.root, to: copy.root, left, owner: isRoot() ? ownerOf(source) : undefined, signal }).copy('.');
      for (const name of changed) await copy.write(name, Buffer.from(await output.readText(`${WORKSPACE_FOLDER}/${name}`, MAX_COPY_BYTES)));
      return null;
    },
  });
}

interface Plan {
  readonly from: string;
  readonly to: string;
  /** What is not copied. */
  readonly left: ReadonlySet<string>;
  readonly owner: readonly [uid: number, gid: number] | undefined;
  readonly signal: { readonly aborted: boolean };
}

/** Not by `cp`, which copies nothing into a directory of its own, and follows or keeps links that lead back to the source. */
class Copying {
  readonly #plan: Plan;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** What is in a folder. Pipes, sockets and devices are left out. */
  async copy(folder: string): Promise<void> {
    const { from, to, left, owner, signal } = this.#plan;
    const entries = await readdir(path.join(from, folder), { withFileTypes: true });
    const wanted = entries.filter(({ name }) => !left.has(path.join(from, folder, name)));
    const [source, target] = [(name: string): string => path.join(from, folder, name), (name: string): string => path.join(to, folder, name)];
    await Promise.all(wanted.map(async (entry) => {
      const { name } = entry;
      if (entry.isFile()) await copyFile(source(name), target(name), constants.COPYFILE_FICLONE);
      else if (entry.isSymbolicLink()) await symlink(await this.#linked(path.join(folder, name)), target(name));
      else if (entry.isDirectory()) await mkdir(target(name));
      else return;
      if (owner !== undefined) await lchown(target(name), ...owner);
    }));
    for (const entry of wanted) if (entry.isDirectory() && !signal.aborted) await this.copy(path.join(folder, entry.name));
  }

  /** Where a link leads in the copy: to the same place in it, or to the very same place outside. */
  async #linked(link: string): Promise<string> {
    const { from } = this.#plan;
    const place = path.resolve(from, path.dirname(link), await readlink(path.join(from, link)));
    const inside = path.relative(from, place);
    const isOutside = inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside);
    return isOutside ? place : path.relative(path.dirname(link), inside) || '.';
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function ownerOf({ root }: Workspace): [uid: number, gid: number] {
  const { uid, gid } = statSync(root);
  return [uid, gid];
}
