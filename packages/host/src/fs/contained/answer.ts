/**
 * What the program in a container has said, pure.
 *
 * Whoever has come to rule the program, or made the image, can let it say what they like. So nothing is taken but what the tool
 * could have said: a result of its form, or an error with a code of these tools, whose class is ours.
 */
import * as v from 'valibot';
import { hostError, type HostErrorCode } from '../../errors.js';
import { fields } from '../../schemas/fields.js';
import type { FileTools } from '../file-tools.js';

/** Codes that the tools for files raise. */
const CODES = [
  'PATH_REFUSED',
  'FILE_NOT_FOUND',
  'FILE_TOO_LARGE',
  'FILE_NOT_TEXT',
  'FILE_CHANGED',
  'FILE_SYSTEM_FAILED',
  'PATCH_REJECTED',
  'SEARCH_INVALID',
  'SEARCH_TOO_COSTLY',
] as const satisfies readonly HostErrorCode[];

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const kind = v.picklist(['file', 'directory', 'link', 'other']);
const digest = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const RESULTS: Readonly<Record<keyof FileTools, v.GenericSchema>> = {
  readFile: fields({ content: v.string(), bytes: count, sha256: digest, lines: v.nullable(count) }),
  writeFile: fields({ bytes: count, sha256: digest }),
  listDir: fields({ items: v.array(fields({ name: v.string(), kind, refused: v.exactOptional(v.string()) })), more: v.boolean() }),
  stat: fields({ kind, bytes: count, modified: v.pipe(v.string(), v.check(isDate)), isExecutable: v.boolean() }),
  search: fields({
    matches: v.array(fields({ path: v.string(), line: count, text: v.string() })),
    endedBy: v.nullable(v.picklist(['matches', 'files', 'size'])),
    filesSearched: count,
    filesSkipped: count,
  }),
  applyPatch: fields({ files: v.array(fields({ path: v.string(), change: v.picklist(['created', 'modified', 'deleted']), sha256: v.nullable(digest) })) }),
  delete: fields({ deleted: v.boolean() }),
};

const failure = fields({
  error: fields({
    code: v.picklist(CODES),
    message: v.string(),
    details: v.exactOptional(v.record(v.string(), v.string())),
    cause: v.exactOptional(v.string()),
  }),
});

/** What the tool gave; throws what it threw, and `FILE_SYSTEM_FAILED` for what is no answer of this tool. */
export function resultIn(stdout: Uint8Array, tool: keyof FileTools): unknown {
  const answer = jsonIn(stdout);
  const told = v.safeParse(failure, answer);
  if (told.success) {
    const { code, message, details, cause } = told.output.error;
    throw hostError(code, message, { ...(details === undefined ? {} : { details }), ...(cause === undefined ? {} : { cause: new Error(cause) }) });
  }
  const given = v.safeParse(fields({ value: RESULTS[tool] }), answer);
  if (given.success) return given.output.value;
  const reason = 'what runs in the container did not answer as it should. Look at its image: node must be Node 18 or newer, and print nothing by itself';
  throw hostError('FILE_SYSTEM_FAILED', `Nobody knows what was done: ${reason}.`, { details: { reason } });
}

/** As `toISOString` writes it. */
function isDate(text: string): boolean {
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toISOString() === text;
}

/** Undefined for what is no JSON. */
function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
