/** As whom commands run. */
import { statSync } from 'node:fs';
import { sandboxError } from './errors.js';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * This process's user; where that is root, the one to whom the workspace belongs. In an engine of a user's own (rootless) that user is
 * known as root inside, and there that is nobody else.
 *
 * Throws `SANDBOX_REFUSED` when that is root, or of root's group: what it writes would be root's, and a hole in a container is worth more to it.
 */
export function userFor(root: string, isRootless: boolean, given?: User): string {
  const user = given ?? caller(root);
  if (user.uid === 0) {
    throw sandboxError('SANDBOX_REFUSED', `Commands would run as root, since this process does and ${root} belongs to root. Give it to another user (chown), or say which: user: { uid, gid }.`);
  }
  if (isRootless && given === undefined) return '0:0';
  if (user.gid === 0) {
    throw sandboxError('SANDBOX_REFUSED', `Commands would run with root's group, as user ${user.uid}. Give ${root} to another group as well (chown ${user.uid}:${user.uid}), or say which: user: { uid, gid }.`);
  }
  return `${user.uid}:${user.gid}`;
}

function caller(root: string): User {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? uid };
  const owner = statSync(root);
  return { uid: owner.uid, gid: owner.gid };
}
