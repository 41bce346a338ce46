import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import type { DirectoryItem, Workspace } from '../paths/workspace.js';
import { path } from './schemas.js';

export interface StatArguments {
  readonly path: string;
}

export interface StatResult {
  /** A link is one: it is not followed. */
  readonly kind: DirectoryItem['kind'];
  readonly bytes: number;
  /** In UTC: `2024-03-01T10:00:00.000Z`. */
  readonly modified: string;
  readonly isExecutable: boolean;
}

/** Says what a path leads to. Throws `PATH_REFUSED`, `FILE_NOT_FOUND`. */
export function statTool(name: string, workspace: Workspace): Tool<StatArguments, StatResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Says what a path below the root is, how large, and when it was changed.',
    input: v.strictObject({ path }),
    idempotent: true,
    run: async (args): Promise<StatResult> => {
      const { kind, bytes, modifiedMs, isExecutable } = await workspace.stat(args.path);
      return { kind, bytes, modified: new Date(modifiedMs).toISOString(), isExecutable };
    },
  });
}
