import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { DockerSandbox, type PullProgress } from '@omnipaw/sandbox-docker';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { fakeEngine, frame, IMAGE as FOUND, json, type Answer } from './support/fake-engine.js';
import { expectedUid, sandboxIn, sh, workspace } from './support/sandbox.js';

const IMAGE = 'example/image:1';
const MISSING = json({ message: `No such image: ${IMAGE}` }, 404);
const FULL = json({ message: 'write /var/lib/x: no space left on device' }, 500);

describe('an engine', () => {
  test('that dies while a command runs fails the call, and says that nobody knows what the command has done', async () => {
    const engine = await fakeEngine({}, (stream) => {
      stream.once('data', () => {
        stream.write(frame('stdout', 'begun\n'));
        setImmediate(() => { engine.die(); });
      });
    });
    const heard: string[] = [];
    const onOutput = ({ bytes }: { readonly bytes: Uint8Array }): void => { heard.push(Buffer.from(bytes).toString()); };
    await expect(sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE }), 'x', { onOutput })).rejects.toMatchObject({ code: 'SANDBOX_LOST' });
    expect(heard).toEqual(['begun\n']);
  });

  test('that dies when it has begun to answer is not waited for until the time is up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => { vi.useRealTimers(); });
    const hasDied = deferred();
    const engine = await fakeEngine({ 'POST /wait': (_request, response) => { response.writeHead(200).flushHeaders(); } }, (stream) => {
      stream.once('data', () => {
        stream.write(frame('stdout', 'begun\n'));
        setImmediate(() => {
          engine.die();
          hasDied.resolve();
        });
      });
    });
    const running = expect(sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE }), 'x')).rejects.toMatchObject({ code: 'SANDBOX_LOST', message: expect.stringContaining('its output ending') });
    await hasDied.promise;
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => { setImmediate(resolve); });
    await vi.advanceTimersByTimeAsync(20_000);
    await running;
  });

  test('lets a container hear its script and nothing else', async () => {
    let heard = '';
    const engine = await fakeEngine({ 'POST /wait': json({ StatusCode: 0 }) }, (stream) => {
      stream.on('data', (bytes: Buffer) => {
        heard += bytes.toString();
        if (heard.endsWith('\n}\n')) stream.end();
      });
    });
    await sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE }), 'x');
    expect(heard).toMatch(/^begin\n\{\ncd -- [^{}]*\n\}\n$/);
  });

  test('that could not remove a container is asked again before the next command', async () => {
    let refusals = 1;
    const remove: Answer = (request, response) => { (refusals-- > 0 ? json({ message: 'device busy' }, 500) : json(null, 204))(request, response); };
    const engine = await fakeEngine({ 'DELETE /containers': remove, 'POST /wait': json({ StatusCode: 0 }) }, (stream) => stream.once('data', () => stream.end()));
    const sandbox = sandboxIn(workspace(), { docker: engine.docker, image: IMAGE });
    await expect(sh(sandbox, 'x')).resolves.toMatchObject({ exitCode: 0 });
    await sh(sandbox, 'x');
    expect(engine.asked.filter((request) => /^DELETE|create$/.test(request))).toEqual([
      'POST /containers/create',
      'DELETE /containers/c0ffee',
      'DELETE /containers/c0ffee',
      'POST /containers/create',
      'DELETE /containers/c0ffee',
    ]);
    expect(await sandbox.close()).toEqual([]);
  });

  test('that does not answer when it is to kill is not waited for', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const engine = await fakeEngine({ 'POST /kill': () => {}, 'DELETE /containers': () => {} }, (stream) => stream.once('data', () => stream.write(frame('stdout', 'begun\n'))));
    const began = deferred();
    const running = expect(sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE }), 'x', { onOutput: () => { began.resolve(); } })).rejects.toMatchObject({ code: 'SANDBOX_LOST' });
    await began.promise;
    await vi.advanceTimersByTimeAsync(30_000);
    await vi.advanceTimersByTimeAsync(10_000);
    await vi.advanceTimersByTimeAsync(10_000);
    await running;
    vi.useRealTimers();
    engine.die();
  });

  test.each(['GET /info', 'GET /images', 'GET /containers/json', 'POST /containers/create', 'POST /start'])('that does not answer is not waited for, and is asked again by the next command: %s', async (question) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => { vi.useRealTimers(); });
    let asked: () => void = () => undefined;
    const engine = await fakeEngine({ [question]: () => { asked(); } });
    const sandbox = sandboxIn(workspace(), { docker: engine.docker, image: IMAGE });
    for (let call = 0; call < 2; call++) {
      const hasAsked = new Promise<void>((resolve) => { asked = resolve; });
      const running = expect(sh(sandbox, 'x')).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE', message: expect.stringContaining('within 20 s') });
      await hasAsked;
      await vi.advanceTimersByTimeAsync(20_000);
      await running;
    }
  });

  test('that can not keep a limit is refused: it would only warn of it', async () => {
    const engine = await fakeEngine({ 'GET /info': json({ SecurityOptions: ['name=seccomp', 'name=rootless'], MemoryLimit: true, PidsLimit: false, CpuCfsQuota: false }) });
    const running = sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE }), 'x');
    await expect(running).rejects.toMatchObject({ code: 'SANDBOX_REFUSED', message: expect.stringContaining('processes, processors'), details: { unkept: ['processes', 'processors'] } });
    expect(engine.asked).toEqual(['GET /info']);
  });

  test.each([
    ['when a container is made', { 'POST /containers/create': FULL }],
    ['when it is started', { 'POST /start': FULL }],
    ['when an image is pulled', { 'GET /images': MISSING, 'POST /images/create': FULL }],
  ])('whose disk is full says so: %s', async (_when, answers) => {
    const engine = await fakeEngine(answers);
    await expect(sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE, pull: true }), 'x')).rejects.toMatchObject({ code: 'SANDBOX_DISK_FULL' });
  });

  test('that has not the image pulls it, if it may, and tells how far it is', async () => {
    const pull: Answer = (_request, response) => {
      response.write('{"status":"Pulling from example/image","id":"1"}\r\n');
      response.end('{"status":"Downloading","id":"a1","progressDetail":{"current":5,"total":9}}\r\n');
    };
    const told: PullProgress[] = [];
    const found: Answer = (request, response) => { (engine.asked.includes('POST /images/create') ? FOUND : MISSING)(request, response); };
    const engine = await fakeEngine({ 'GET /images': found, 'POST /images/create': pull });
    await sandboxIn(workspace(), { docker: engine.docker, image: IMAGE, pull: true, onPull: (progress) => told.push(progress) }).prepare();
    expect(told.at(-1)).toEqual({ image: IMAGE, status: 'Downloading', layer: 'a1', bytes: 5, ofBytes: 9 });
  });

  test.each([
    ['at once', MISSING],
    ['in the middle', ((_request, response) => response.end('{"error":"pull access denied"}\r\n'))],
    ['by what is no JSON', ((_request, response) => response.end('<html>\r\n'))],
  ])('that may pull an image and can not says so: %s', async (_when, pull) => {
    const engine = await fakeEngine({ 'GET /images': MISSING, 'POST /images/create': pull });
    await expect(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE, pull: true }).prepare()).rejects.toMatchObject({ code: 'SANDBOX_IMAGE_MISSING' });
  });

  test('that dies while it pulls is not there any more', async () => {
    const engine = await fakeEngine({ 'GET /images': MISSING, 'POST /images/create': (_request, response) => { response.write('{"status":"Pulling"}\r\n', () => response.destroy()); } });
    await expect(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE, pull: true }).prepare()).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE' });
  });

  test('whose image is removed is asked to pull it again', async () => {
    let isThere = true;
    const engine = await fakeEngine({
      'GET /images': (request, response) => { (isThere ? FOUND : MISSING)(request, response); },
      'POST /images/create': (_request, response) => { isThere = true; response.end('{"status":"Pulled"}\r\n'); },
      'POST /containers/create': (request, response) => { (isThere ? json({ Id: 'c0ffee' }, 201) : MISSING)(request, response); },
      'POST /wait': json({ StatusCode: 0 }),
    }, (stream) => stream.once('data', () => stream.end()));
    const sandbox = sandboxIn(workspace(), { docker: engine.docker, image: IMAGE, pull: true });
    await expect(sh(sandbox, 'x')).resolves.toMatchObject({ exitCode: 0 });
    isThere = false;
    await expect(sh(sandbox, 'x')).rejects.toMatchObject({ code: 'SANDBOX_IMAGE_MISSING' });
    await expect(sh(sandbox, 'x')).resolves.toMatchObject({ exitCode: 0 });
  });

  test.each([['no such container', 404], ['server error', 500]])('that says %s while a command runs fails the call, and says that nobody knows what it has done', async (message, status) => {
    const engine = await fakeEngine({ 'POST /wait': json({ message }, status) });
    await expect(sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE }), 'x')).rejects.toMatchObject({ code: 'SANDBOX_LOST', message: expect.stringContaining('Nobody knows what the command has done') });
  });

  test('that lets nobody attach for long, and then hangs up, does not end this process', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => { vi.useRealTimers(); });
    const late = deferred();
    const first = (stream: Socket): void => {
      stream.on('error', () => undefined);
      setImmediate(() => { stream.resetAndDestroy(); late.resolve(); });
    };
    const engine = await fakeEngine({ 'POST /start': FULL }, { first });
    await expect(sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE }), 'x')).rejects.toMatchObject({ code: 'SANDBOX_DISK_FULL' });
    await late.promise;
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => { setImmediate(resolve); });
  });

  test.each(['/workspace/data', '/workspace/data/deep', 'workspace/../workspace/x'])('whose image wants a volume in the workspace is not used: %s', async (volume) => {
    const engine = await fakeEngine({ 'GET /images': json({ Id: 'sha256:c0de', Config: { Volumes: { '/data': {}, [volume]: {} } } }) });
    await expect(sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE }), 'x')).rejects.toMatchObject({ code: 'SANDBOX_REFUSED', details: { volume } });
    expect(engine.asked).not.toContain('POST /containers/create');
  });

  test.each([
    ['has something else in the place of the root', (stream: Socket) => stream.write(frame('stdout', 'elsewhere\n')), { code: 'SANDBOX_REFUSED', message: expect.stringContaining('Nothing has run.') }],
    ['has no shell', (stream: Socket) => stream.end(frame('stderr', 'exec /bin/sh failed: No such file or directory\n')), { code: 'SANDBOX_FAILED', details: { reason: 'exec /bin/sh failed: No such file or directory' } }],
    ['is gone', (stream: Socket) => stream.end(), { code: 'SANDBOX_UNREACHABLE' }],
  ])('whose container %s is told nothing to run', async (_what, answer, error) => {
    let heard = '';
    const first = (stream: Socket): void => { stream.on('data', (bytes: Buffer) => { heard += bytes.toString(); }).once('data', () => { answer(stream); }); };
    const engine = await fakeEngine({}, { first });
    const root = workspace();
    await expect(sh(sandboxIn(root, { docker: engine.docker, image: IMAGE }), 'x')).rejects.toMatchObject(error);
    expect(heard).toMatch(/^\.omnipaw-[\da-f-]+\.tmp\n$/);
    expect(engine.asked.at(-1)).toBe('DELETE /containers/c0ffee');
    expect(readdirSync(root)).toEqual([]);
  });

  test('that answers without making a connection is not spoken to', async () => {
    const engine = await fakeEngine({ 'POST /attach': json({}) }, (stream) => { stream.destroy(); });
    await expect(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE, warm: 1 }).prepare()).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE' });
  });

  test('that does not say how a container has ended has lost it', async () => {
    const engine = await fakeEngine({ 'POST /wait': json({}) }, (stream) => stream.once('data', () => stream.end()));
    await expect(sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE }), 'x')).rejects.toMatchObject({ code: 'SANDBOX_LOST', message: expect.stringContaining('does not say how') });
  });

  test('whose containers that wait can not be started says so when they are prepared', async () => {
    const engine = await fakeEngine({ 'POST /start': FULL });
    await expect(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE, warm: 2 }).prepare()).rejects.toMatchObject({ code: 'SANDBOX_DISK_FULL' });
  });

  test('that says nothing more while it pulls is not waited for any longer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => { vi.useRealTimers(); });
    const hasBegun = deferred();
    const engine = await fakeEngine({ 'GET /images': MISSING, 'POST /images/create': (_request, response) => { response.write('{"status":"Pulling"}\r\n'); } });
    const pulling = expect(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE, pull: true, onPull: () => { hasBegun.resolve(); } }).prepare())
      .rejects.toMatchObject({ code: 'SANDBOX_IMAGE_MISSING', cause: { message: expect.stringContaining('nothing was heard of it for 120 s') } });
    await hasBegun.promise;
    await vi.advanceTimersByTimeAsync(120_000);
    await pulling;
  });

  test.each([[[]], [null], [['name=apparmor', 'name=notseccomp']]])('that can not say which calls of Linux a container may make is not used: %j', async (SecurityOptions) => {
    const engine = await fakeEngine({ 'GET /info': json({ SecurityOptions }) });
    await expect(sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE }), 'x')).rejects.toMatchObject({ code: 'SANDBOX_REFUSED', details: { unkept: ['seccomp'] } });
    expect(engine.asked).toEqual(['GET /info']);
  });

  test.each([
    [['name=seccomp,profile=default'], `${expectedUid()}:${expectedUid()}`],
    [['name=seccomp,profile=/etc/docker/rootless.json'], `${expectedUid()}:${expectedUid()}`],
    [['name=seccomp,profile=default', 'name=rootless'], '0:0'],
  ])('of the kind %j runs commands as %s', async (SecurityOptions, user) => {
    let made = '';
    const create: Answer = (request, response) => {
      request.on('data', (bytes: Buffer) => { made += bytes.toString(); });
      request.on('end', () => { json({ Id: 'c0ffee' }, 201)(request, response); });
    };
    const engine = await fakeEngine({ 'GET /info': json({ SecurityOptions }), 'POST /containers/create': create, 'POST /wait': json({ StatusCode: 0 }) }, (stream) => stream.once('data', () => stream.end()));
    await sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE, network: 'granted' }), 'x');
    expect(JSON.parse(made)).toMatchObject({ User: user, HostConfig: { NetworkMode: 'granted' } });
  });
});

describe('output', () => {
  test('in any pieces, and in very many small ones, is put together', async () => {
    const bytes = Buffer.concat([frame('stderr', 'some\n'), ...Array.from({ length: 40_000 }, () => frame('stdout', 'x')), frame('stdout', ''), frame('stderr', 'more\n')]);
    const send = (stream: Socket): void => {
      stream.write(bytes.subarray(0, 3));
      setImmediate(() => stream.end(bytes.subarray(3)));
    };
    const engine = await fakeEngine({ 'POST /wait': json({ StatusCode: 0 }) }, (stream) => stream.once('data', () => { send(stream); }));
    const { stdout, stderr } = await sh(sandboxIn(workspace(), { docker: engine.docker, image: IMAGE }), 'x');
    expect({ stdout: stdout.length, stderr }).toEqual({ stdout: 40_000, stderr: 'some\nmore\n' });
  });
});

test.each(['node', 'node:22-alpine', 'example/image:1', 'registry.example.org:5000/team/some_image', 'localhost:5000/a/b:v1.2_3', `node@sha256:${'a'.repeat(64)}`, `sha256:${'a'.repeat(64)}`])('an image may have the name %s', (image) => {
  expect(() => new DockerSandbox({ root: workspace(), image })).not.toThrow();
});

test.each([
  [{ warm: -1 }, 'its option warm must be a whole number from 0; found: -1.'],
  [{ warm: '2' }, 'its option warm must be a whole number from 0; found: "2".'],
  [{ limits: { memoryBytes: 0 } }, 'The limit memoryBytes of a container is 0; it must be a whole number above 0.'],
  [{ limits: { cpus: Infinity } }, 'The limit cpus of a container is Infinity; it must be above 0.'],
  [{ limits: { memory: 5 } }, 'There is no limit "memory" of a container. There are: memoryBytes, '],
  [{ limits: { toString: 5 } }, 'There is no limit "toString" of a container.'],
  [{ limits: 5 }, 'its option limits must be an object; found: 5.'],
  [{ networks: 'none' }, 'DockerSandbox has no option "networks". There are: root, image, '],
  [{ network: '' }, "its option network must be the name of one of the engine's networks; not host, or another container's"],
  [{ network: 'host' }, 'its option network must be'],
  [{ network: 'container:abc' }, 'its option network must be'],
  [{ network: 'ns:/proc/1/ns/net' }, 'its option network must be'],
  [{ user: 1000 }, 'its option user must be { uid, gid }, two whole numbers from 0; found: 1000.'],
  [{ user: { uid: -1, gid: 0 } }, 'its option user must be { uid, gid }'],
  [{ pull: 'no' }, 'its option pull must be true or false; found: "no".'],
  [{ onPull: true }, 'its option onPull must be a function; found: true.'],
  [{ image: '' }, 'its option image must be the name of an image'],
  [{ image: 'a//b' }, 'its option image must be the name of an image, as the engine lists it (node:22-alpine); found: "a//b".'],
  [{ image: '../x' }, 'its option image must be the name of an image'],
  [{ root: 5 }, 'its option root must be a text that is not empty; found: 5.'],
])('a sandbox is not made with %j', (options, message) => {
  const make = (): DockerSandbox => new DockerSandbox({ root: workspace(), image: IMAGE, ...(options as object) });
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
});

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => { resolve = settle; });
  return { promise, resolve };
}
