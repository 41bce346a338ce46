/** A command that takes away its user's rights to the root (`chmod 0 .`) would end all calls that come after it. */
import { constants } from 'node:fs';
import { chmod, lstat, open } from 'node:fs/promises';

const { O_DIRECTORY = 0, O_NOFOLLOW = 0 } = constants as Partial<typeof constants>;
/** Of Linux: opens what may not be read, only to know which one it is. */
const O_PATH = 0o10000000;
const OWNERS = 0o700n;
const PERMISSIONS = 0o7777n;

interface Directory {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mode: bigint;
}

/** Gives the owner of a directory the rights that it had before, on Linux, if it still is that directory, and if this process may. */
export async function restoreOwnersRights(root: string, before: Directory): Promise<void> {
  const now = await lstat(root, { bigint: true }).catch(() => undefined);
  if (process.platform !== 'linux' || now === undefined || !hasLost(now, before)) return;
  await restore(root, before).catch(() => undefined);
}

async function restore(root: string, before: Directory): Promise<void> {
  const held = await open(root, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  try {
    const now = await held.stat({ bigint: true });
    if (hasLost(now, before)) await chmod(`/proc/self/fd/${held.fd}`, Number((now.mode & PERMISSIONS) | (before.mode & OWNERS)));
  } finally {
    await held.close();
  }
}

function hasLost(now: Directory, before: Directory): boolean {
  return now.dev === before.dev && now.ino === before.ino && (before.mode & OWNERS & ~now.mode) !== 0n;
}
