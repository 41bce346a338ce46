/** Questions to an engine that does not answer, and calls that nobody wants any more. */
import { hostTools } from '@omnipaw/host';
import { createKernel, defineAgent, MemoryLogStore } from '@omnipaw/kernel';
import type { DockerSandbox, DockerSandboxOptions } from '@omnipaw/sandbox-docker';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { fakeEngine, IMAGE as FOUND, json, turn, type Answer, type FakeEngine } from './support/fake-engine.js';
import { sandboxIn, sh, workspace } from './support/sandbox.js';

const IMAGE = 'example/image:1';
const MISSING = json({ message: `No such image: ${IMAGE}` }, 404);
const never: Answer = () => undefined;
const pullsForEver = { 'GET /images': MISSING, 'POST /images/create': ((_request, response) => { response.write('{"status":"Pulling"}\r\n'); }) as Answer };

function stopTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => { vi.useRealTimers(); });
}

function sandboxOn(engine: FakeEngine, options: Partial<DockerSandboxOptions> = {}): DockerSandbox {
  const sandbox = sandboxIn(options.root ?? workspace(), { docker: engine.docker, image: IMAGE, ...options });
  // Before the sandbox is closed, which might wait for answers.
  onTestFinished(() => { engine.die(); });
  return sandbox;
}

const { setTimeout: realTimeout } = globalThis;

/** For what takes real time, such as looking into a directory. */
async function moment(): Promise<void> {
  await new Promise((resolve) => { realTimeout(resolve, 5); });
}

/** Until nothing of what was asked waits for an answer any more. */
async function quiet({ pending }: FakeEngine): Promise<void> {
  while (pending.size > 0) await turn();
}

describe('an engine that hangs', () => {
  beforeEach(stopTime);

  /** What a program gets of a call of `host.system.bash`; meanwhile `pass` lets time pass. */
  async function endOf(engine: FakeEngine, timeoutMs: number, pass: () => Promise<void>): Promise<string> {
    const root = workspace();
    const sandbox = sandboxOn(engine, { root });
    const host = hostTools({ root, runners: [sandbox], environment: { SANDBOX_MODE: 'docker' }, bash: { timeoutMs } });
    const worker = defineAgent('worker', function* (ctx) {
      const [call] = yield* ctx.allSettled([ctx.tool(host.system.bash, { command: 'sleep 60' })]);
      return call.status === 'rejected' ? (call.reason).code : 'over';
    });
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [worker], tools: host.all });
    const result = kernel.spawn(worker, null, { grants: ['call:host.system.bash'] }).result();
    await pass();
    const end = (await result);
    await kernel.stop();
    return end;
  }

  test('is told to a program as one that is not there, and not as a tool that takes too long', async () => {
    const engine = await fakeEngine({ 'GET /info': never });
    const end = await endOf(engine, 30_000, async () => {
      // The tool tries it four times, and waits in between.
      for (let attempt = 1; attempt <= 4; attempt++) {
        while (engine.asked.length < attempt) {
          await vi.advanceTimersByTimeAsync(100);
          await moment();
        }
        await vi.advanceTimersByTimeAsync(20_000);
      }
    });
    expect(end).toBe('SANDBOX_UNREACHABLE');
  });

  test('is waited for less long by a tool that has less time', async () => {
    const engine = await fakeEngine({ 'GET /info': never });
    const running = expect(sh(sandboxOn(engine), 'x', { timeoutMs: 1_000 })).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE', message: expect.stringContaining('within 10 s') });
    await engine.heard('GET /info');
    await vi.advanceTimersByTimeAsync(10_000);
    await running;
  });

  test.each([1_000, 30_000])('while a command runs, and when it is to be killed, is told to a program as a lost command: its time is %i ms', async (timeoutMs) => {
    const engine = await fakeEngine({ 'POST /wait': never, 'POST /kill': never, 'DELETE /containers': never });
    const end = await endOf(engine, timeoutMs, async () => {
      await engine.heard('POST /containers/c0ffee/wait');
      await vi.advanceTimersByTimeAsync(timeoutMs);
      await engine.heard('POST /containers/c0ffee/kill');
      await vi.advanceTimersByTimeAsync(7_000);
      await engine.heard('DELETE /containers/c0ffee');
      await vi.advanceTimersByTimeAsync(5_000);
    });
    expect(end).toBe('SANDBOX_LOST');
  });

  test.each(['GET /info', 'GET /images', 'GET /containers/json', 'POST /containers/create', 'POST /start'])('is left alone when it has not answered for long: %s', async (question) => {
    const engine = await fakeEngine({ [question]: never });
    const running = expect(sh(sandboxOn(engine), 'x')).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE' });
    while (![...engine.pending].some((one) => one.includes(question.split(' ')[1]!))) await turn();
    await vi.advanceTimersByTimeAsync(20_000);
    await running;
    await quiet(engine);
  });

  test('and is asked by somebody else meanwhile has them wait for no longer than a call may', async () => {
    const engine = await fakeEngine(pullsForEver);
    const sandbox = sandboxOn(engine, { pull: true });
    const running = expect(sh(sandbox, 'x')).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE', message: expect.stringContaining('No container was ready within 30 s') });
    await engine.heard('POST /images/create');
    await vi.advanceTimersByTimeAsync(30_000);
    await running;
    // The pull goes on, for whoever tries again; until nobody can.
    expect(engine.pending.size).toBe(1);
    expect(await sandbox.close()).toEqual([]);
    await quiet(engine);
  });
});

describe('a call that nobody wants any more', () => {
  test('before it has begun asks the engine for nothing', async () => {
    const engine = await fakeEngine({});
    await expect(sh(sandboxOn(engine), 'x', { signal: AbortSignal.abort() })).resolves.toMatchObject({ endedBy: 'abort', exitCode: null, stdout: '' });
    expect(engine.asked).toEqual([]);
  });

  test.each([
    ['while the engine is looked for', { 'GET /info': never }, 'GET /info'],
    ['while an image is pulled', pullsForEver, 'POST /images/create'],
    ['while a container is made', { 'POST /containers/create': never }, 'POST /containers/create'],
    ['while a container is started', { 'POST /start': never }, 'POST /containers/c0ffee/start'],
  ])('is over at once: %s', async (_when, answers, question) => {
    const engine = await fakeEngine(answers);
    const abort = new AbortController();
    const sandbox = sandboxOn(engine, { pull: true });
    const running = sh(sandbox, 'x', { signal: abort.signal });
    await engine.heard(question);
    abort.abort();
    await expect(running).resolves.toMatchObject({ endedBy: 'abort' });
  });

  test('has a container that is made all the same removed', async () => {
    let create = (): void => undefined;
    const engine = await fakeEngine({ 'POST /containers/create': (request, response) => { create = () => { json({ Id: 'c0ffee' }, 201)(request, response); }; } });
    const abort = new AbortController();
    const sandbox = sandboxOn(engine);
    const running = sh(sandbox, 'x', { signal: abort.signal });
    await engine.heard('POST /containers/create');
    abort.abort();
    await running;
    create();
    expect(await sandbox.close()).toEqual([]);
    expect(engine.asked.at(-1)).toBe('DELETE /containers/c0ffee');
  });

  test('when the command has ended is one that has ended by itself', async () => {
    const abort = new AbortController();
    const engine = await fakeEngine({ 'POST /wait': (request, response) => {
      json({ StatusCode: 0 })(request, response);
      response.once('close', () => { setTimeout(() => { abort.abort(); }, 100); });
    } });
    await expect(sh(sandboxOn(engine), 'x', { signal: abort.signal })).resolves.toMatchObject({ endedBy: 'itself', exitCode: 0 });
    expect(abort.signal.aborted).toBe(true);
  });
});

describe('a container that is removed by somebody already', () => {
  const conflict = json({ message: 'removal of container c0ffee is already in progress' }, 409);
  const gone = json({ message: 'No such container: c0ffee' }, 404);

  test('is looked for until it is gone', async () => {
    const answers = [conflict, conflict, gone];
    const engine = await fakeEngine({ 'POST /wait': json({ StatusCode: 0 }), 'DELETE /containers': (request, response) => { answers.shift()!(request, response); } }, (stream) => stream.once('data', () => stream.end()));
    const sandbox = sandboxOn(engine);
    await expect(sh(sandbox, 'x')).resolves.toMatchObject({ exitCode: 0 });
    expect(answers).toEqual([]);
    expect(await sandbox.close()).toEqual([]);
  });

  test('and does not go is told of at the end', async () => {
    stopTime();
    const engine = await fakeEngine({ 'POST /wait': json({ StatusCode: 0 }), 'DELETE /containers': never }, (stream) => stream.once('data', () => stream.end()));
    const sandbox = sandboxOn(engine);
    const running = sh(sandbox, 'x');
    await engine.heard('DELETE /containers');
    await vi.advanceTimersByTimeAsync(5_000);
    await expect(running).resolves.toMatchObject({ exitCode: 0 });
    const closing = sandbox.close();
    await engine.heard('DELETE /containers', 2);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await closing).toEqual(['c0ffee']);
  });
});

test('many containers that are left are removed a few at a time', async () => {
  const Labels = { 'omnipaw.owner': 'x', 'omnipaw.until': '2000-01-01T00:00:00.000Z' };
  const left = Array.from({ length: 20 }, (_none, number) => ({ Id: `left-${number}`, Names: [`/omnipaw-${number}`], Labels }));
  let now = 0;
  let most = 0;
  const engine = await fakeEngine({
    'GET /containers/json': json(left),
    'DELETE /containers': (request, response) => {
      most = Math.max(most, ++now);
      setImmediate(() => {
        now--;
        json(null, 204)(request, response);
      });
    },
  });
  await sandboxOn(engine).prepare();
  expect(engine.asked.filter((one) => one.startsWith('DELETE'))).toHaveLength(20);
  expect(most).toBeLessThanOrEqual(4);
});

describe('what no engine says', () => {
  test.each([
    ['of itself', { 'GET /info': json('well') }, 'SANDBOX_FAILED'],
    ['of an image', { 'GET /images': json({}) }, 'SANDBOX_FAILED'],
    ['of containers', { 'GET /containers/json': json({ message: 'none' }) }, 'SANDBOX_FAILED'],
    ['of a container that it has made', { 'POST /containers/create': json({}, 201) }, 'SANDBOX_FAILED'],
    ['of the end of one', { 'POST /wait': json({ StatusCode: '0' }) }, 'SANDBOX_LOST'],
    ['of the end of one that has failed', { 'POST /wait': json({ StatusCode: 0, Error: { Message: 'no such task' } }) }, 'SANDBOX_LOST'],
    ['of what has killed one', { 'POST /wait': json({ StatusCode: 137 }), 'GET /containers/c0ffee': json({}) }, 'SANDBOX_LOST'],
  ])('is not taken for an answer: %s', async (_what, answers, code) => {
    const engine = await fakeEngine(answers, (stream) => stream.once('data', () => stream.end()));
    await expect(sh(sandboxOn(engine), 'x')).rejects.toMatchObject({ code });
  });

  test('nothing else is left in a list of containers, and an image is used as it was found', async () => {
    let made = '';
    const create: Answer = (request, response) => {
      request.on('data', (bytes: Buffer) => { made += bytes.toString(); });
      request.on('end', () => { json({ Id: 'c0ffee' }, 201)(request, response); });
    };
    const odd = [{ Id: 'a' }, { Id: 'b', Names: ['/omnipaw-b'], Labels: null }];
    const engine = await fakeEngine({ 'GET /images': FOUND, 'GET /containers/json': json(odd), 'POST /containers/create': create, 'POST /wait': json({ StatusCode: 0 }) }, (stream) => stream.once('data', () => stream.end()));
    await sh(sandboxOn(engine), 'x');
    expect(engine.asked.filter((one) => one.startsWith('DELETE'))).toEqual(['DELETE /containers/c0ffee']);
    expect(JSON.parse(made)).toMatchObject({ Image: 'sha256:c0de' });
  });
});
