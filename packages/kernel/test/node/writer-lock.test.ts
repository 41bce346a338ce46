import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { bundle } from '../../../../testing/bundle.js';
import { FileLogStore } from '../../src/node/index.js';
import { thisProcess, type Holder } from '../../src/node/holder.js';
import { Program } from './program.js';
import { temporaryDirectory } from './temporary-directory.js';

let contender: string;
beforeAll(async () => {
  contender = await bundle(new URL('programs/contender.ts', import.meta.url));
});

function contend(directory: string): Program {
  return new Program(process.execPath, [contender, directory]);
}

describe('the writer lock', () => {
  test('a second process is refused while the first is there, and told who that is', async () => {
    const directory = temporaryDirectory();
    const holder = contend(directory);
    expect(await holder.ask('open')).toBe('won');
    const refused = new FileLogStore(directory).open();
    await expect(refused).rejects.toMatchObject({
      code: 'LOG_LOCKED',
      message: expect.stringContaining(`by process ${holder.process.pid} on host ${thisProcess().host}`),
      details: { pid: holder.process.pid, host: thisProcess().host, file: expect.stringContaining(directory) },
    });
    expect(await holder.ask('close')).toBe('closed');
    const store = new FileLogStore(directory);
    await store.open();
    expect(await holder.ask('open')).toBe('LOG_LOCKED');
    await store.close();
    expect(claimsIn(directory)).toEqual([]);
  });

  test('a holder that was killed holds nothing any more', async () => {
    const directory = temporaryDirectory();
    const holder = contend(directory);
    expect(await holder.ask('open')).toBe('won');
    await holder.kill();
    expect(claimsIn(directory)).toHaveLength(1);
    const store = new FileLogStore(directory);
    await store.open();
    expect(claimsIn(directory)).toHaveLength(1);
    await store.close();
    expect(claimsIn(directory)).toEqual([]);
  });

  test.runIf(process.platform === 'linux')('a thread that was terminated holds nothing any more, though its process goes on', async () => {
    const directory = temporaryDirectory();
    const worker = new Worker(await bundle(new URL('programs/holding-thread.ts', import.meta.url)), { workerData: directory });
    expect(await once(worker, 'message')).toEqual(['won']);
    await expect(new FileLogStore(directory).open()).rejects.toMatchObject({ code: 'LOG_LOCKED', details: { pid: process.pid } });
    await worker.terminate();
    expect(claimsIn(directory)).toHaveLength(1);
    const store = new FileLogStore(directory);
    await store.open();
    await store.close();
    expect(claimsIn(directory)).toEqual([]);
  });

  test.runIf(process.platform === 'linux')('a zombie holds nothing any more', async () => {
    const directory = temporaryDirectory();
    // The shell becomes a program that does not wait for the child that it has inherited.
    const parent = new Program('bash', ['-c', '"$0" "$@" <&0 & exec tail -f /dev/null', process.execPath, contender, directory]);
    expect(await parent.ask('open')).toBe('won');
    const [claim] = claimsIn(directory);
    const pid = Number(claim!.split('.')[1]);
    process.kill(pid, 'SIGKILL');
    await vi.waitUntil(() => fs.readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '), { timeout: 10_000, interval: 5 });
    const store = new FileLogStore(directory);
    await store.open();
    await store.close();
  });

  test('of twenty processes that contend at the same moment, two never win', async () => {
    const directory = temporaryDirectory();
    const contenders = Array.from({ length: 20 }, () => contend(directory));
    // All have started once they have answered.
    await Promise.all(contenders.map((program) => program.ask('close')));
    for (let round = 0; round < 30; round++) {
      const answers = await Promise.all(contenders.map((program) => program.ask('open')));
      const winners = answers.filter((answer) => answer === 'won').length;
      expect(winners).toBeLessThanOrEqual(1);
      expect(answers.filter((answer) => answer === 'LOG_LOCKED')).toHaveLength(20 - winners);
      await Promise.all(contenders.map((program) => program.ask('close')));
      expect(claimsIn(directory)).toEqual([]);
    }
  }, 60_000);

  test('whoever comes after all the others have lost wins', async () => {
    const directory = temporaryDirectory();
    const contenders = Array.from({ length: 5 }, () => contend(directory));
    await Promise.all(contenders.map((program) => program.ask('open')));
    await Promise.all(contenders.map((program) => program.kill()));
    const store = new FileLogStore(directory);
    await store.open();
    await store.close();
  });
});

describe('a claim that is found', () => {
  const self = thisProcess();

  test.each<[string, Partial<Holder>]>([
    ['of a process that is gone', { pid: deadPid(), startTime: null }],
    ['of a process whose number is in use again', { startTime: '1' }],
    ['from before the machine was started again', { bootId: 'another' }],
    ...(self.thread === null ? [] : [['of a thread whose number is in use again', { thread: `${process.pid}@1` }] as [string, Partial<Holder>]]),
  ])('is dead: %s', async (_, difference) => {
    const directory = temporaryDirectory();
    claim(directory, { ...self, ...difference });
    const store = new FileLogStore(directory);
    await store.open();
    expect(claimsIn(directory)).toHaveLength(1);
    await store.close();
    expect(claimsIn(directory)).toEqual([]);
  });

  test.each<[string, Partial<Holder>]>([
    ['of this very process', {}],
    ['of another host, whatever it says', { host: 'elsewhere', pid: deadPid(), bootId: 'another' }],
    ['of another container on this machine', { pidNamespace: 'pid:[1]', pid: deadPid() }],
    ['of a process of which only the number is known', { startTime: null, thread: null, bootId: null }],
  ])('is alive: %s', async (_, difference) => {
    const directory = temporaryDirectory();
    const name = claim(directory, { ...self, ...difference });
    await expect(new FileLogStore(directory).open()).rejects.toMatchObject({
      code: 'LOG_LOCKED',
      message: expect.stringContaining(`delete ${join(directory, name)}`),
    });
    expect(claimsIn(directory)).toEqual([name]);
  });

  test('and that is incomplete is judged by the number in its name', async () => {
    for (const content of ['', '{"pid":12', '{}', 'null', '[]']) {
      const directory = temporaryDirectory();
      fs.writeFileSync(join(directory, `writer.${deadPid()}.00.lock`), content);
      const store = new FileLogStore(directory);
      await store.open();
      await store.close();

      fs.writeFileSync(join(directory, `writer.${process.pid}.00.lock`), content);
      await expect(new FileLogStore(directory).open()).rejects.toMatchObject({ code: 'LOG_LOCKED', details: { pid: process.pid, host: null } });
    }
  });

  test('and goes away while it is looked at is no claim', async () => {
    const directory = temporaryDirectory();
    // A link to nowhere is listed, and cannot be read.
    fs.symlinkSync(join(directory, 'gone'), join(directory, `writer.${process.pid}.00.lock`));
    const store = new FileLogStore(directory);
    await store.open();
    await store.close();
  });

  test.runIf(process.platform === 'linux')('and is no regular file is refused at once', async () => {
    const makers = [
      (path: string) => void spawnSync('mkfifo', [path]),
      (path: string) => fs.symlinkSync('/dev/zero', path),
      (path: string) => { fs.mkdirSync(path); },
    ];
    for (const make of makers) {
      const directory = temporaryDirectory();
      const name = `writer.${process.pid}.00.lock`;
      make(join(directory, name));
      await expect(new FileLogStore(directory).open()).rejects.toMatchObject({
        code: 'LOG_READ_FAILED',
        message: expect.stringContaining(`${join(directory, name)} is not a regular file`),
      });
      expect(fs.readdirSync(directory)).toEqual([name]);
    }
  });

  test('does not count under another name', async () => {
    const directory = temporaryDirectory();
    for (const name of ['writer.lock', `writer.${process.pid}.lock`, `reader.${process.pid}.00.lock`]) {
      fs.writeFileSync(join(directory, name), JSON.stringify(self));
    }
    const store = new FileLogStore(directory);
    await store.open();
    await store.close();
    expect(fs.readdirSync(directory)).toContain('writer.lock');
  });

  test('and whose own claim is missing when it looks has lost', async () => {
    const directory = temporaryDirectory();
    vi.spyOn(fs, 'fsyncSync').mockImplementationOnce(() => {
      for (const name of claimsIn(directory)) fs.rmSync(join(directory, name));
    });
    await expect(new FileLogStore(directory).open()).rejects.toMatchObject({ code: 'LOG_LOCKED' });
    vi.restoreAllMocks();
  });
});

function claimsIn(directory: string): string[] {
  return fs.readdirSync(directory).filter((name) => name.endsWith('.lock'));
}

function claim(directory: string, holder: Holder): string {
  const name = `writer.${holder.pid}.0123456789abcdef.lock`;
  fs.writeFileSync(join(directory, name), JSON.stringify(holder));
  return name;
}

/** The number of a process that has just ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}
