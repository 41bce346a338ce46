import { defineTool, type Tool } from '@omnipaw/kernel';
import { problemOf } from '../paths/relative-path.js';
import type { DirectoryItem, Workspace } from '../paths/workspace.js';
import { asManyAsFit } from '../json-size.js';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { path } from '../schemas/values.js';
import { MAX_RESULT_JSON_BYTES } from './limits.js';

export interface ListDirArguments {
  /** `.` for the root. */
  readonly path: string;
}

export interface ListedItem extends DirectoryItem {
  /** Why no tool takes this name in a path, where that is so. */
  readonly refused?: string;
}

export interface ListDirResult {
  /** In the order of their names. */
  readonly items: readonly ListedItem[];
  /** Whether there are more than fit. */
  readonly more: boolean;
}

const MAX_ITEMS = 2_000;

/** Lists a directory. Throws `PATH_REFUSED`, `FILE_NOT_FOUND`. */
export function listDirTool(name: string, workspace: Workspace): Tool<ListDirArguments, ListDirResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Lists a directory below the root.',
    input: argumentsOf(fields({ path })),
    idempotent: true,
    run: async (args): Promise<ListDirResult> => {
      const { items, more } = await workspace.list(args.path, MAX_ITEMS);
      const listed = asManyAsFit(items.map(withRefusal), MAX_RESULT_JSON_BYTES);
      return { items: listed, more: more || listed.length < items.length };
    },
  });
}

function withRefusal(item: DirectoryItem): ListedItem {
  const refused = problemOf(item.name);
  return refused === undefined ? item : { ...item, refused };
}
