import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { partsToWrite } from '../paths/relative-path.js';
import type { StagedFile } from '../paths/staged-file.js';
import { fail } from '../paths/refusals.js';
import { textOf } from '../paths/text.js';
import { digestOf, type Workspace } from '../paths/workspace.js';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { MAX_FILE_BYTES } from './limits.js';
import { parseChanges, type FileChange } from './patch.js';
import { reject } from './reject.js';

export interface ApplyPatchArguments {
  /** A unified diff of one or several files. */
  readonly patch: string;
}

export interface PatchedFile {
  readonly path: string;
  readonly change: 'created' | 'modified' | 'deleted';
  /** Of what is there now; null when it was deleted. */
  readonly sha256: string | null;
}

export interface ApplyPatchResult {
  readonly files: readonly PatchedFile[];
}

const MAX_FILES = 100;
const MAX_PATCH_CHARS = 1024 * 1024;

/**
 * Applies a patch to all of its files or to none.
 *
 * Everything is worked out and written beside its place before the first file is exchanged; if one can't be, those before it
 * are put back. Only a crash in just that moment leaves some exchanged and some not, so the call is not idempotent. Throws
 * `PATCH_REJECTED`, `PATH_REFUSED`, `FILE_NOT_FOUND`, `FILE_NOT_TEXT`, `FILE_TOO_LARGE`, `FILE_SYSTEM_FAILED`.
 */
export function applyPatchTool(name: string, workspace: Workspace): Tool<ApplyPatchArguments, ApplyPatchResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Applies a unified diff to files below the root: wholly or not at all.',
    input: argumentsOf(fields({ patch: v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_PATCH_CHARS)) })),
    idempotent: false,
    run: async ({ patch }): Promise<ApplyPatchResult> => {
      const changes = parseChanges(patch, MAX_FILES);
      return workspace.alone(async () => {
        const steps: Step[] = [];
        for (const change of changes) steps.push(...(await stepsOf(workspace, change)));
        await new Transaction(workspace, steps).run();
        return { files: steps.map(({ path, before, after }) => ({ path, change: changeName(before, after), sha256: after === null ? null : digestOf(after) })) };
      });
    },
  });
}

/** What is to become of one path; null where there is nothing. */
interface Step {
  readonly path: string;
  readonly before: Uint8Array | null;
  readonly after: Uint8Array | null;
  /** Of the file that was there; what becomes of it, and what is put back, has the same. */
  readonly permissions?: number;
}

/** A file that gets another name is one that goes and one that comes. */
async function stepsOf(workspace: Workspace, { from, to, apply }: FileChange): Promise<Step[]> {
  for (const path of [from, to]) if (path !== null) partsToWrite(path);
  const before = from === null ? null : await workspace.read(from, MAX_FILE_BYTES);
  const kept = from === null ? {} : { permissions: (await workspace.stat(from)).permissions };
  const after = to === null ? null : Buffer.from(apply(before === null ? '' : textOf(before, from!)));
  if (to === null && apply(textOf(before!, from!)) !== '') return reject(`it deletes ${JSON.stringify(from)}, but leaves some of its lines`);
  if (to !== null && to !== from && (await isThere(workspace, to))) return reject(`it makes ${JSON.stringify(to)}, which is there already`);
  if (from === to) return [{ path: from!, before, after, ...kept }];
  return [...(from === null ? [] : [{ path: from, before, after: null, ...kept }]), ...(to === null ? [] : [{ path: to, before: null, after, ...kept }])];
}

async function isThere(workspace: Workspace, path: string): Promise<boolean> {
  try {
    await workspace.stat(path);
    return true;
  } catch (thrown) {
    if ((thrown as { readonly code?: string }).code === 'FILE_NOT_FOUND') return false;
    throw thrown;
  }
}

class Transaction {
  readonly #workspace: Workspace;
  readonly #steps: readonly Step[];
  readonly #done: Step[] = [];

  constructor(workspace: Workspace, steps: readonly Step[]) {
    this.#workspace = workspace;
    this.#steps = steps;
  }

  async run(): Promise<void> {
    const staged = await this.#stageAll();
    try {
      for (const [index, step] of this.#steps.entries()) {
        const file = staged[index];
        staged[index] = undefined;
        await this.#take(step, file);
      }
    } catch (thrown) {
      await discard(staged);
      await this.#putBack();
      throw thrown;
    }
  }

  async #take(step: Step, file: StagedFile | undefined): Promise<void> {
    if (file === undefined) await this.#workspace.removeNow(step.path);
    // In place, but perhaps not durably so.
    else await file.commit().finally(() => (file.isInPlace ? this.#done.push(step) : undefined));
    if (file === undefined) this.#done.push(step);
  }

  async #stageAll(): Promise<(StagedFile | undefined)[]> {
    const staged: (StagedFile | undefined)[] = [];
    try {
      for (const { path, after, permissions } of this.#steps) staged.push(after === null ? undefined : await this.#workspace.stage(path, after, permissions));
      return staged;
    } catch (thrown) {
      await discard(staged);
      throw thrown;
    }
  }

  /** All that can be, and then says of one that could not. */
  async #putBack(): Promise<void> {
    const left: { readonly path: string; readonly cause: unknown }[] = [];
    for (const { path, before, permissions } of this.#done.reverse()) {
      try {
        if (before === null) await this.#workspace.removeNow(path);
        else await (await this.#workspace.stage(path, before, permissions)).commit();
      } catch (cause) {
        left.push({ path, cause });
      }
    }
    const [first] = left;
    if (first !== undefined) fail('FILE_SYSTEM_FAILED', first.path, { says: 'could not be put back after the patch failed, so a part of it stands', cause: first.cause });
  }
}

async function discard(staged: readonly (StagedFile | undefined)[]): Promise<void> {
  for (const file of staged) await file?.discard();
}

function changeName(before: Uint8Array | null, after: Uint8Array | null): PatchedFile['change'] {
  if (before === null) return 'created';
  return after === null ? 'deleted' : 'modified';
}
