/** The copy on which the command runs by which the user tells whether the code base is in order. */
import { mkdirSync } from 'node:fs';
import { cp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Workspace } from '@omnipaw/host';
import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { text } from './schemas.js';
import { MAX_COPY_BYTES, WORKSPACE_FOLDER, type Directories } from './workspace.js';

const CHECK_FOLDER = 'check';

export interface CopyArguments {
  /** The changed files that the copy has; the others are as they are in the source. */
  readonly changed: readonly string[];
}

export interface Copied extends Directories {
  readonly copy: Workspace;
  /** The output as the source sees it, if it lies inside. */
  readonly excluded: string | undefined;
}

/** Where the copy is made, which is there as long as the swarm is. */
export function copyFolder(output: Workspace): Workspace {
  const root = path.join(output.root, CHECK_FOLDER);
  mkdirSync(root, { recursive: true });
  return new Workspace(root, { names: 'any' });
}

/** It is large, and no result. */
export async function removeCopy(output: Workspace): Promise<void> {
  await rm(path.join(output.root, CHECK_FOLDER), { recursive: true, force: true });
}

/** Copies the code base as a whole, also what git ignores: its dependencies are among that. What an earlier check has left is gone. */
export function copyTool({ source, output, copy, excluded }: Copied): Tool<CopyArguments, null> {
  return defineTool({
    name: 'check.copy',
    description: 'Makes a copy of the code base with some of its files changed.',
    input: v.strictObject({ changed: v.array(text) }),
    idempotent: true,
    timeoutMs: 600_000,
    run: async ({ changed }): Promise<null> => {
      for (const name of await readdir(copy.root)) await rm(path.join(copy.root, name), { recursive: true, force: true });
      const left = excluded === undefined ? undefined : path.join(source.root, excluded);
      await cp(source.root, copy.root, { recursive: true, verbatimSymlinks: true, filter: (place) => place !== left });
      for (const name of changed) await copy.write(name, Buffer.from(await output.readText(`${WORKSPACE_FOLDER}/${name}`, MAX_COPY_BYTES)));
      return null;
    },
  });
}
