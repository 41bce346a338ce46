import { defineTool, type Tool } from '@omnipaw/kernel';
import type { DirectoryItem, Workspace } from '../paths/workspace.js';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { path } from '../schemas/values.js';

export interface StatArguments {
  readonly path: string;
}

export interface StatResult {
  /** A link is one: it is not followed. */
  readonly kind: DirectoryItem['kind'];
  readonly bytes: number;
  /** In UTC: `2024-03-01T10:00:00.000Z`; the first or last date that there is for what is beyond. */
  readonly modified: string;
  readonly isExecutable: boolean;
}

/** The farthest that a date is from the epoch; file systems go on for longer. */
const MAX_DATE_MS = 8.64e15;

/** Says what a path leads to. Throws `PATH_REFUSED`, `FILE_NOT_FOUND`. */
export function statTool(name: string, workspace: Workspace): Tool<StatArguments, StatResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Says what a path below the root is, how large, and when it was changed.',
    input: argumentsOf(fields({ path })),
    idempotent: true,
    run: async (args): Promise<StatResult> => {
      const { kind, bytes, modifiedMs, isExecutable } = await workspace.stat(args.path);
      return { kind, bytes, modified: dateOf(modifiedMs).toISOString(), isExecutable };
    },
  });
}

function dateOf(timeMs: number): Date {
  return new Date(Math.min(Math.max(timeMs, -MAX_DATE_MS), MAX_DATE_MS));
}
