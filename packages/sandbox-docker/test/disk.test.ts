/** A disk that has no room: what it has is said by nobody but the system, so that is what is played here. */
import { expect, test, vi } from 'vitest';
import { fakeEngine, json } from './support/fake-engine.js';
import { sandboxIn, sh, workspace } from './support/sandbox.js';

/** What the disk has left, each time that somebody looks; the last one from then on. */
let left: { bavail: number; ffree: number }[] = [];
vi.mock('node:fs/promises', async (original) => ({
  ...(await original<object>()),
  statfs: () => Promise.resolve({ bsize: 1024, ...(left.length > 1 ? left.shift()! : left[0]!) }),
}));

const FILES = 1_000_000;

test.each([
  ['more than it may', 100, [{ bavail: 1_000, ffree: FILES }, { bavail: 899, ffree: FILES }], 'disk'],
  ['more than half of what there is, though it may', 2 ** 30, [{ bavail: 1_000, ffree: FILES }, { bavail: 499, ffree: FILES }], 'disk'],
  ['more than half of the files for which there is room', 2 ** 30, [{ bavail: 1_000, ffree: 100 }, { bavail: 1_000, ffree: 49 }], 'disk'],
  ['very many files', 2 ** 30, [{ bavail: 1_000, ffree: FILES }, { bavail: 1_000, ffree: FILES - 100_001 }], 'disk'],
  ['what it may', 500, [{ bavail: 1_000, ffree: FILES }, { bavail: 500, ffree: FILES - 100_000 }], 'timeout'],
  ['something of a disk that does not count files', 500, [{ bavail: 1_000, ffree: 0 }, { bavail: 500, ffree: 0 }], 'timeout'],
])('a command that takes %s', async (_what, maxKiB, room, endedBy) => {
  left = [...room];
  const ended = deferred();
  const engine = await fakeEngine({
    'POST /wait': (request, response) => { void ended.promise.then(() => { json({ StatusCode: 137 })(request, response); }); },
    'POST /kill': (request, response) => { json(null, 204)(request, response); ended.resolve(); },
  }, (stream) => { void ended.promise.then(() => stream.end()); });
  const sandbox = sandboxIn(workspace(), { docker: engine.docker, image: 'example/image:1', limits: { maxDiskBytes: maxKiB * 1024 } });
  await expect(sh(sandbox, 'x', { timeoutMs: 1_000 })).resolves.toMatchObject({ endedBy });
});

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => { resolve = settle; });
  return { promise, resolve };
}
