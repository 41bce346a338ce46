import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { fail } from '../paths/refusals.js';
import { textOf } from '../paths/text.js';
import { digestOf, type Workspace } from '../paths/workspace.js';
import { jsonBytes } from '../json-size.js';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { path, within } from '../schemas/values.js';
import { MAX_FILE_BYTES, MAX_RESULT_BYTES, MAX_RESULT_JSON_BYTES } from './limits.js';

export interface ReadFileArguments {
  readonly path: string;
  /** From 1; the first line unless given. Text only. */
  readonly fromLine?: number;
  /** All that follow unless given. Text only. */
  readonly lines?: number;
  /** `base64` for what is no text; `utf8` unless given. */
  readonly encoding?: 'utf8' | 'base64';
}

export interface ReadFileResult {
  readonly content: string;
  /** Of the whole file, as are the two that follow. */
  readonly bytes: number;
  readonly sha256: string;
  /** Null for base64. */
  readonly lines: number | null;
}

const ONLY_TEXT = 'must be left out with base64: only text has lines';

/** Reads a file, or some lines of it. Throws `PATH_REFUSED`, `FILE_NOT_FOUND`, `FILE_TOO_LARGE`, `FILE_NOT_TEXT`. */
export function readFileTool(name: string, workspace: Workspace): Tool<ReadFileArguments, ReadFileResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Reads a file below the root, whole or some lines of it.',
    input: argumentsOf(
      v.pipe(
        fields({
          path,
          fromLine: v.exactOptional(within(1)),
          lines: v.exactOptional(within(1)),
          encoding: v.exactOptional(v.picklist(['utf8', 'base64'])),
        }),
        v.forward(v.check(({ fromLine, encoding }) => fromLine === undefined || encoding !== 'base64', ONLY_TEXT), ['fromLine']),
        v.forward(v.check(({ lines, encoding }) => lines === undefined || encoding !== 'base64', ONLY_TEXT), ['lines']),
      ),
    ),
    idempotent: true,
    run: async (args): Promise<ReadFileResult> => {
      const content = await workspace.read(args.path, MAX_FILE_BYTES);
      const wanted = args.encoding === 'base64' ? { content: Buffer.from(content).toString('base64'), lines: null } : linesOf(textOf(content, args.path), args);
      if (Buffer.byteLength(wanted.content) > MAX_RESULT_BYTES) {
        const remedy = args.encoding === 'base64' ? 'take what you need of it with a command' : 'ask for some lines of it (fromLine, lines)';
        return fail('FILE_TOO_LARGE', args.path, `would give more than ${MAX_RESULT_BYTES} bytes; ${remedy}`);
      }
      if (jsonBytes(wanted.content) > MAX_RESULT_JSON_BYTES) {
        return fail('FILE_TOO_LARGE', args.path, 'has too many control characters to be recorded as text; ask for some lines of it (fromLine, lines), or for base64');
      }
      return { ...wanted, bytes: content.length, sha256: digestOf(content) };
    },
  });
}

function linesOf(text: string, { fromLine = 1, lines }: ReadFileArguments): { readonly content: string; readonly lines: number } {
  // Each with the end that it has, so that the pieces of a file make the file.
  const all = text.split(/(?<=\n)/);
  const count = text === '' ? 0 : all.length;
  return { content: all.slice(fromLine - 1, lines === undefined ? undefined : fromLine - 1 + lines).join(''), lines: count };
}
