/** Looks whether the disk of a workspace fills up: a mounted directory has no limit of its own. */
import { statfs } from 'node:fs/promises';

const INTERVAL_MS = 100;
/** Empty files take no room, but there can't be any number of them. */
const MAX_FILES = 100_000;

interface Room {
  readonly bytes: number;
  readonly files: number;
}

/**
 * Calls `full` once, when the disk has `maxBytes` less than at the beginning, or half of what it had: others write there, too, and
 * this process perhaps its log. Returns how to stop looking.
 */
export function watchDisk(root: string, maxBytes: number, full: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const look = async (before: Room): Promise<void> => {
    const now = await roomOn(root);
    if (isOver) return;
    const isFull = before.bytes - now.bytes > Math.min(maxBytes, before.bytes / 2) || before.files - now.files > Math.min(MAX_FILES, before.files / 2);
    if (isFull) full();
    else again(before);
  };
  // A root that can't be asked any more is no reason to end a command: it is what the command sees, too.
  const again = (before: Room): void => { timer = setTimeout(() => { look(before).catch(() => undefined); }, INTERVAL_MS); };
  roomOn(root).then((before) => { if (!isOver) again(before); }, () => undefined);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

async function roomOn(root: string): Promise<Room> {
  const { bavail, bsize, ffree } = await statfs(root);
  return { bytes: bavail * bsize, files: ffree };
}
