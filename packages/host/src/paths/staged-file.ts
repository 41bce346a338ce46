/** Files that are written beside their place first: whoever reads sees the old one or the new one, whole. */
import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, open, rename, unlink } from 'node:fs/promises';
import type { HeldDirectory } from './held-directory.js';
import { failBySystem, kindOf, refuse } from './refusals.js';
import { assertNewName, type NameRule } from './relative-path.js';

const { O_NOFOLLOW = 0 } = constants as Partial<typeof constants>;
const DEFAULT_MODE = 0o666;
/** Until the content is there, and what it replaces says who may see it. */
const PRIVATE_MODE = 0o600;
export const PERMISSIONS = 0o777;

export interface Target {
  /** Held until the file is committed or discarded. */
  readonly parent: HeldDirectory;
  readonly name: string;
  /** The whole path, for messages. */
  readonly asked: string;
  readonly names: NameRule;
}

export class StagedFile {
  readonly #target: Target;
  readonly #temporary: string;
  #isInPlace = false;

  private constructor(target: Target, temporary: string) {
    this.#target = target;
    this.#temporary = temporary;
  }

  /** Writes the content, durably, under a name of its own; with the permissions that are given, or those of the file that it will replace. */
  static async write(target: Target, content: Uint8Array, permissions?: number): Promise<StagedFile> {
    const { parent, asked } = target;
    const replaced = await whatIsThere(target);
    const mode = permissions ?? (replaced === undefined ? undefined : replaced.mode & PERMISSIONS);
    const staged = new StagedFile(target, parent.placeOf(`.omnipaw-${randomUUID()}.tmp`));
    const { O_CREAT, O_EXCL, O_WRONLY } = constants;
    const flags = O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW;
    const file = await open(staged.#temporary, flags, mode === undefined ? DEFAULT_MODE : PRIVATE_MODE).catch((thrown: unknown) => failBySystem(asked, thrown));
    try {
      await file.writeFile(content);
      if (mode !== undefined) await file.chmod(mode);
      await file.sync();
      await parent.confirm(asked);
    } catch (thrown) {
      await unlink(staged.#temporary).catch(() => undefined);
      return failBySystem(asked, thrown);
    } finally {
      await file.close();
    }
    return staged;
  }

  /** Whether the file is where it belongs, durably or not. */
  get isInPlace(): boolean {
    return this.#isInPlace;
  }

  /** Puts the file in place, durably. */
  async commit(): Promise<void> {
    const { parent, name, asked } = this.#target;
    try {
      await parent.confirm(asked);
      await rename(this.#temporary, parent.placeOf(name));
      this.#isInPlace = true;
      await parent.sync();
    } catch (thrown) {
      await unlink(this.#temporary).catch(() => undefined);
      failBySystem(asked, thrown);
    } finally {
      await parent.release();
    }
  }

  /** As if nothing had been written. */
  async discard(): Promise<void> {
    await unlink(this.#temporary).finally(() => this.#target.parent.release());
  }
}

/** A file that may be replaced; undefined when there is nothing. */
async function whatIsThere({ parent, name, asked, names }: Target): Promise<Stats | undefined> {
  const stats = await lstat(parent.placeOf(name)).catch((thrown: unknown) => unlessMissing(asked, thrown));
  if (stats === undefined) {
    assertNewName(asked, name, names);
    return undefined;
  }
  if (!stats.isFile()) return refuse(asked, `${kindOf(stats)} where a file is wanted`);
  if (stats.nlink > 1) return refuse(asked, 'the file has other names (hard links), which may be outside of the root');
  return stats;
}

function unlessMissing(asked: string, thrown: unknown): undefined {
  if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') failBySystem(asked, thrown);
}
