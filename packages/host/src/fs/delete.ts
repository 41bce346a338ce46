import { defineTool, type Tool } from '@omnipaw/kernel';
import type { Workspace } from '../paths/workspace.js';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { path } from '../schemas/values.js';

export interface DeleteArguments {
  readonly path: string;
}

export interface DeleteResult {
  /** False when there was nothing. */
  readonly deleted: boolean;
}

/**
 * Deletes a file, a link (never what it leads to) or an empty directory.
 *
 * Not idempotent: what has the name when a call is repeated after a crash may be something that somebody else has made since.
 * Throws `PATH_REFUSED`, `FILE_SYSTEM_FAILED`.
 */
export function deleteTool(name: string, workspace: Workspace): Tool<DeleteArguments, DeleteResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Deletes a file or an empty directory below the root.',
    input: argumentsOf(fields({ path })),
    idempotent: false,
    run: async (args): Promise<DeleteResult> => ({ deleted: await workspace.remove(args.path) }),
  });
}
