import { bashTool, fetchTool, Git, hostTools, LocalRunner, Workspace, type CommandRunner } from '@omnipaw/host';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory, tree } from './support/workspace.js';

/** What is said of options; the types would say so as well, if somebody asked them. */
function complaintAbout(options: object): string {
  return complaintOf(() => hostTools({ root: temporaryDirectory(), ...options }));
}

function complaintOf(make: () => unknown): string {
  try {
    make();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(TypeError);
    return (thrown as TypeError).message;
  }
  return 'none';
}

describe('an option that is not known', () => {
  test.each([
    [{ bsah: {} }, 'hostTools: its option bsah is not known here: did you mean bash? (known: root, name, fs, bash, net, git, runners, environment, maxProcesses).'],
    [{ bash: { timeout: 100 } }, 'hostTools: its option bash.timeout is not known here: did you mean timeoutMs? (known: variables, env, timeoutMs, onOutput, recordsProgress).'],
    [{ bash: { recordProgress: false } }, /bash\.recordProgress is not known here: did you mean recordsProgress\?/],
    [{ bash: { maxProcesses: 2 } }, /bash\.maxProcesses is not known here \(known: [^)]*\); there is maxProcesses\.$/],
    [{ timeoutMs: 2 }, /its option timeoutMs is not known here \(known: [^)]*\); there is bash\.timeoutMs\.$/],
    [{ git: { arround: true } }, /git\.arround is not known here: did you mean around\?/],
    [{ net: { allow: [{ host: 'a.example' }, { host: 'b.example', port: 80 }] } }, /net\.allow\[1\]\.port is not known here: did you mean ports\?/],
    [{ [`x${'y'.repeat(100_000)}`]: 1 }, /is not known here \(known/],
  ])('is told with what there is: %j', (options, complaint) => {
    expect(complaintAbout(options)).toMatch(complaint);
  });
});

describe('an option that can not be what it is', () => {
  test.each([
    [{ maxProcesses: 0 }, 'hostTools: its option maxProcesses must be a whole number from 1 to 1000000; found: 0.'],
    [{ maxProcesses: -4 }, /maxProcesses must be a whole number .* found: -4\.$/],
    [{ maxProcesses: '9' }, 'hostTools: its option maxProcesses must be a number, not text; found: "9".'],
    [{ bash: { timeoutMs: -1 } }, /bash\.timeoutMs must be a whole number from 1 to 2073600000; found: -1\.$/],
    [{ bash: { timeoutMs: Infinity } }, /bash\.timeoutMs must be a whole number/],
    [{ net: { timeoutMs: -1 } }, /net\.timeoutMs must be a whole number/],
    [{ net: { maxBytes: -1 } }, 'hostTools: its option net.maxBytes must be a whole number, 0 or more; found: -1.'],
    [{ net: [{ host: 'a.example' }] }, 'hostTools: its option net must be an object with options.'],
    [{ net: [] }, 'hostTools: its option net must be an object with options.'],
    [{ net: { allow: ['127.0.0.1'] } }, 'hostTools: its option net.allow[0] must be an object; found: "127.0.0.1".'],
    [{ net: { allow: [{}] } }, 'hostTools: its option net.allow[0].host must be given.'],
    [{ net: { allow: [{ host: 'a.example', methods: ['get'] }] } }, /net\.allow\[0\]\.methods\[0\] must be one of "GET", "HEAD", .*; found: "get"\.$/],
    [{ net: { allow: [{ host: 'a.example', ports: ['80'] }] } }, /ports\[0\] must be a number, not text/],
    [{ net: { allow: [{ host: 'a.example', addresses: ['10.0.0.1'] }] } }, /addresses\[0\] must be a range of addresses, like 10\.0\.0\.0\/8; found: "10\.0\.0\.1"\.$/],
    [{ net: { headers: ['Host'] } }, /net\.headers\[0\] must be no header that belongs to the connection; found: "Host"\.$/],
    [{ net: { resolve: 'dns' } }, /net\.resolve must be a function, not text/],
    [{ bash: { variables: 'A' } }, /bash\.variables must be a list, not text; found: "A"\.$/],
    [{ bash: { recordsProgress: 0 } }, /bash\.recordsProgress must be true or false, not a number/],
    [{ fs: { contained: 'yes' } }, 'hostTools: its option fs.contained must be true or false, not text; found: "yes".'],
    [{ git: { home: '' } }, /git\.home must not be empty/],
    [{ runners: 'docker' }, 'hostTools: its option runners must be a list, not text; found: "docker".'],
    [{ runners: [{}] }, /runners\[0\] must be a runner: an object with a mode, which is not "local", and a function exec\.$/],
    [{ runners: [{ mode: 'local', exec: () => null }] }, /runners\[0\] must be a runner/],
    [{ root: '' }, 'hostTools: its option root must not be empty; found: "".'],
    [{ root: undefined }, 'hostTools: its option root must be text, not undefined.'],
  ])('is told with what it must be: %j', (options, complaint) => {
    expect(complaintAbout(options)).toMatch(complaint);
  });

  test('is told without its value where that may be a secret', () => {
    expect(complaintAbout({ bash: { env: { PIN: 4711 } } })).toBe('hostTools: its option bash.env.PIN must be text, not a number.');
    expect(complaintAbout({ environment: { PIN: 4711 } })).toBe('hostTools: its option environment.PIN must be text, not a number.');
  });

  test('is told of a root that is missing, no directory, or not there', () => {
    expect(complaintOf(() => hostTools(undefined as never))).toBe('hostTools: its options must be an object with options.');
    expect(complaintOf(() => hostTools({} as never))).toBe('hostTools: its option root must be given.');
    const root = tree({ 'a.txt': '' });
    expect(complaintOf(() => hostTools({ root: `${root}/none` }))).toBe(`The root "${root}/none" is not there, or not to be reached (ENOENT). Make the directory first.`);
    expect(complaintOf(() => hostTools({ root: `${root}/a.txt` }))).toContain('is no directory');
  });

  test.each([
    ['http://127.0.0.1', 'write "127.0.0.1"'],
    ['https://Good.example:8443/path', 'write "good.example"'],
    ['good.example:80', 'write "good.example"'],
    ['*.Good.example', 'write "*.good.example"'],
    ['0x7f.1', 'write "127.0.0.1"'],
    ['*', 'there is no "*" for all of them, only for all below one (*.example.com)'],
    ['a.*.example', 'as URLs have it (api.example.com, *.example.com, 203.0.113.7)'],
    ['a b', 'as URLs have it (api.example.com, *.example.com, 203.0.113.7)'],
    ['', 'as URLs have it (api.example.com, *.example.com, 203.0.113.7)'],
  ])('is told with a host that can be on the list instead: %j', (host, remedy) => {
    expect(complaintAbout({ net: { allow: [{ host }] } })).toContain(`${remedy}; found: ${JSON.stringify(host)}.`);
  });
});

test('what is made without hostTools looks at its options, too', () => {
  const workspace = new Workspace(temporaryDirectory());
  const runner: CommandRunner = { mode: 'test', exec: () => Promise.reject(new Error('not run')) };
  expect(complaintOf(() => bashTool('bash', runner, { timeout: 1 } as never))).toMatch(/^bashTool: its option timeout is not known here: did you mean timeoutMs\?/);
  expect(complaintOf(() => fetchTool('fetch', { allowed: [] } as never))).toMatch(/^fetchTool: its option allowed is not known here: did you mean allow\?/);
  expect(complaintOf(() => new Git(workspace, runner, { around: 'yes' } as never))).toBe('Git: its option around must be true or false, not text; found: "yes".');
  expect(complaintOf(() => new LocalRunner(workspace, { environment: {} } as never))).toBe('LocalRunner: its option maxProcesses must be given.');
  expect(complaintOf(() => new Workspace('.', { name: 'any' } as never))).toMatch(/^Workspace: its option name is not known here: did you mean names\?/);
  expect(complaintOf(() => new Workspace(''))).toBe('The root must be the path of a directory; found: "".');
});

test('the environment of a process is one', () => {
  expect(complaintAbout({ environment: process.env })).toBe('none');
});

test('options that are undefined count as not given', () => {
  const options = { name: undefined, bash: undefined, net: { allow: undefined, timeoutMs: undefined }, git: { home: undefined }, fs: { contained: undefined }, runners: undefined, environment: undefined, maxProcesses: undefined };
  expect(complaintAbout(options)).toBe('none');
});
