import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createKernel, FileLogStore } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { describeWith } from '../../../testing/components.js';
import { omnipaw, program, temporaryFolder } from './command.js';
import greeter, { greet } from './fixtures/greeter.js';
import { damage, SEGMENT, storedText, teamLog } from './logs.js';

interface Keys {
  readonly key: string;
  readonly publicKey: string;
}

async function newKeys(): Promise<Keys> {
  const key = path.join(temporaryFolder(), 'owner.key');
  await omnipaw(['keygen', '--out', key]);
  return { key, publicKey: `${key}.pub` };
}

/** The heads beside a log. */
function headsOf(log: string): string[] {
  return fs.readdirSync(path.join(log, 'heads')).map((name) => path.join(log, 'heads', name));
}

async function signedLog(): Promise<Keys & { log: string; head: string; entries: number }> {
  const [keys, written] = [await newKeys(), await teamLog()];
  await omnipaw(['sign', '--log', written.log, '--key', keys.key]);
  return { ...keys, ...written };
}

describe('keygen', () => {
  test('makes a key that only its owner can read, and says what is what', async () => {
    const folder = temporaryFolder();
    const key = path.join(folder, 'owner.key');
    const { code, stdout, stderr } = await omnipaw(['keygen', '--out', key]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `${key}      the private key, which signs: keep it secret, and away from the logs\n` +
        `${key}.pub  the public key, which verifies: give it to everybody who should be able to\n`,
    );
    if (process.platform !== 'win32') expect(fs.statSync(key).mode & 0o777).toBe(0o600);
    expect(fs.readFileSync(key, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(fs.readFileSync(`${key}.pub`, 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  });

  test('gives scripts the names of the files', async () => {
    const key = path.join(temporaryFolder(), 'owner.key');
    const { stdout } = await omnipaw(['keygen', '--out', key, '--json']);
    expect(JSON.parse(stdout)).toEqual({ privateKey: key, publicKey: `${key}.pub` });
  });

  test.each(['owner.key', 'owner.key.pub'])('never overwrites %s, and leaves nothing beside it', async (name) => {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, name), 'precious');
    const { code, stdout, stderr } = await omnipaw(['keygen', '--out', path.join(folder, 'owner.key')]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${name} is there already, and nothing is overwritten.`);
    expect(fs.readdirSync(folder)).toEqual([name]);
    expect(fs.readFileSync(path.join(folder, name), 'utf8')).toBe('precious');
  });

  test('into a folder that is not there is a wrong call', async () => {
    const { code, stderr } = await omnipaw(['keygen', '--out', path.join(temporaryFolder(), 'no/owner.key')]);
    expect(code).toBe(2);
    expect(stderr).toContain("can't be made");
  });
});

describe('sign', () => {
  test('keeps the head beside the log, and says what was signed', async () => {
    const [{ key }, { log, head, entries }] = [await newKeys(), await teamLog()];
    const { code, stdout, stderr } = await omnipaw(['sign', '--log', log, '--key', key]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [file] = headsOf(log);
    expect(stdout).toMatch(new RegExp(`^✓ Signed ${entries} entries of omnipaw/[0-9a-f]{24}: `));
    expect(stdout).toContain(`${file!}\n  head ${head}\n`);
    expect(fs.readFileSync(file!, 'utf8')).toContain(`\nchain ${head}\n`);
  });

  test('puts it where it is told to, and gives scripts the facts', async () => {
    const [{ key }, { log, head, entries }] = [await newKeys(), await teamLog()];
    const file = path.join(temporaryFolder(), 'monday.head');
    const { stdout } = await omnipaw(['sign', '--log', log, '--key', key, '--out', file, '--json']);
    const text = fs.readFileSync(file, 'utf8');
    const { root, ...rest } = JSON.parse(stdout) as { root: string };
    expect(rest).toEqual({ origin: text.split('\n')[0], entries, chain: head, file });
    expect(Buffer.from(root, 'hex').toString('base64')).toBe(text.split('\n')[2]);
    expect(fs.existsSync(path.join(log, 'heads'))).toBe(false);
  });

  test('refuses a damaged log, and one that no longer holds what was signed', async () => {
    const { log, key } = await signedLog();
    const bytes = fs.readFileSync(path.join(log, SEGMENT));
    damage(log, (all) => all.subarray(0, all.lastIndexOf('\n', all.length - 2) + 1));
    const cut = await omnipaw(['sign', '--log', log, '--key', key]);
    expect(cut).toMatchObject({ code: 1, stdout: '' });
    expect(cut.stderr).toMatch(/^error: HEAD_CONTRADICTED: The log does not hold the \d+ entries of omnipaw\//);
    damage(log, () => bytes.fill('x', 40, 41));
    const damaged = await omnipaw(['sign', '--log', log, '--key', key]);
    expect(damaged).toMatchObject({ code: 1, stdout: '' });
    expect(damaged.stderr).toMatch(/^error: LOG_CORRUPT: /);
    expect(headsOf(log)).toHaveLength(1);
  });

  test('is not kept from it by a head that nobody has signed, and says so', async () => {
    const { log, key, entries } = await signedLog();
    const [file = ''] = headsOf(log);
    // The name of the folder may have that number in it, too.
    const name = path.basename(file).replace(String(entries), String(entries - 1).padStart(String(entries).length, '0'));
    fs.writeFileSync(path.join(path.dirname(file), name), fs.readFileSync(file, 'utf8').replace(`\n${entries}\n`, `\n${entries - 1}\n`));
    const { code, stderr } = await omnipaw(['sign', '--log', log, '--key', key]);
    expect(code).toBe(0);
    expect(stderr).toMatch(new RegExp(`^warning: HEAD_INVALID: A head over ${entries - 1} entries of \\S+ claims to be signed by the key that signs here, and is not`));
  });

  test('called with something that is no key, or with no log, is a wrong call', async () => {
    const { log, publicKey } = await signedLog();
    expect(await omnipaw(['sign', '--log', log, '--key', publicKey])).toMatchObject({ code: 2, stdout: '' });
    expect((await omnipaw(['sign', '--log', log, '--key', 'nowhere.key'])).stderr).toMatch(/^error: The private key can't be read: ENOENT/);
    const { key } = await newKeys();
    expect(await omnipaw(['sign', '--log', path.join(temporaryFolder(), 'none'), '--key', key])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('verify with a public key', () => {
  test('proves the log complete by the heads beside it, or by one that is named', async () => {
    const { log, publicKey, entries } = await signedLog();
    const beside = await omnipaw(['verify', '--log', log, '--public-key', publicKey]);
    expect(beside).toMatchObject({ code: 0, stderr: '' });
    expect(beside.stdout).toContain(`✓  completeness  COMPLETE  signed up to entry ${entries - 1}, the last one\n`);
    const named = await omnipaw(['verify', '--log', log, '--public-key', publicKey, '--head', headsOf(log)[0]!, '--json']);
    expect(JSON.parse(named.stdout)).toMatchObject({ completeness: 'COMPLETE', pinnedAt: entries - 1, heads: [{ status: 'CONFIRMED', entries }] });
  });

  test('finds a tail that was cut off', async () => {
    const { log, publicKey, entries } = await signedLog();
    damage(log, (bytes) => bytes.subarray(0, bytes.lastIndexOf('\n', bytes.length - 2) + 1));
    expect((await omnipaw(['verify', '--log', log])).code).toBe(0);
    const { code, stdout, stderr } = await omnipaw(['verify', '--log', log, '--public-key', publicKey]);
    expect(code).toBe(1);
    expect(stdout).toContain('✗  completeness  INCOMPLETE  it is not what was signed\n');
    expect(stderr).toBe(
      `error: HEAD_CONTRADICTED: The log does not hold the ${entries} entries that were signed: it was cut off, written anew, or brought back from an older copy.\n`,
    );
  });

  test('finds a log that was put in the place of another', async () => {
    const [{ log, publicKey }, other] = [await signedLog(), await teamLog()];
    fs.copyFileSync(path.join(other.log, SEGMENT), path.join(log, SEGMENT));
    const { code, stderr } = await omnipaw(['verify', '--log', log, '--public-key', publicKey]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: HEAD_CONTRADICTED: A signed head is of another log, omnipaw\/[0-9a-f]{24}\.\n$/);
  });

  test('takes neither another key nor a changed head', async () => {
    const { log, publicKey } = await signedLog();
    const other = await newKeys();
    const byOther = await omnipaw(['verify', '--log', log, '--public-key', other.publicKey]);
    expect(byOther).toMatchObject({ code: 1, stderr: 'error: LOG_INCOMPLETE: No head is signed by this key, so nobody can tell whether the log is all there.\n' });
    const [file] = headsOf(log);
    const text = fs.readFileSync(file!, 'utf8');
    fs.writeFileSync(file!, text.replace(/\n(\d+)\n/, '\n3\n'));
    expect((await omnipaw(['verify', '--log', log, '--public-key', publicKey])).stderr).toBe(`error: HEAD_INVALID: The signature of the head over 3 entries is not good (${file!}).\n`);
    fs.writeFileSync(file!, text.slice(5));
    expect((await omnipaw(['verify', '--log', log, '--public-key', publicKey])).stderr).toBe(`error: HEAD_INVALID: ${file!} should be a signed head, and has not the form of one. Find out who put it there, and remove it.\n`);
    // A good one beside it is good enough for a receipt.
    fs.writeFileSync(file!, text);
    fs.writeFileSync(path.join(log, 'heads', '0000000000000099.deadbeef.head'), 'junk');
    expect((await omnipaw(['receipt', '--log', log, '--at', '3'])).code).toBe(0);
  });

  test('misses a head where nothing was signed', async () => {
    const [{ publicKey }, { log }] = [await newKeys(), await teamLog()];
    const { code, stderr } = await omnipaw(['verify', '--log', log, '--public-key', publicKey]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: LOG_INCOMPLETE: No head is signed by this key/);
  });

  test('is what a head needs', async () => {
    const { log } = await signedLog();
    const { code, stderr } = await omnipaw(['verify', '--log', log, '--head', headsOf(log)[0]!]);
    expect(code).toBe(2);
    expect(stderr).toContain('give it with --public-key');
  });

  test('may be given with a pin, which has to fit, too', async () => {
    const { log, publicKey, head } = await signedLog();
    expect((await omnipaw(['verify', '--log', log, '--public-key', publicKey, '--pin', head])).code).toBe(0);
    const { code, stderr } = await omnipaw(['verify', '--log', log, '--public-key', publicKey, '--pin', 'f'.repeat(64)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: LOG_INCOMPLETE: No entry with the hash f{64}/);
  });
});

describe('receipt', () => {
  test('proves an entry without the log', async () => {
    const { log, publicKey, entries } = await signedLog();
    const made = await omnipaw(['receipt', '--log', log, '--at', '5']);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(/^c2sp\.org\/tlog-proof@v1\nextra [\w+/=]+\nindex 5\n/);
    const file = path.join(temporaryFolder(), 'entry-5.tlog-proof');
    expect((await omnipaw(['receipt', '--log', log, '--at', '5', '--out', file])).stdout).toBe(`✓ ${file} proves entry 5, to whoever has the public key.\n`);
    expect(fs.readFileSync(file, 'utf8')).toBe(made.stdout);
    const line = fs.readFileSync(path.join(log, SEGMENT), 'utf8').split('\n')[5]!;
    fs.rmSync(log, { recursive: true });

    const checked = await omnipaw(['receipt', 'verify', file, '--public-key', publicKey]);
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(checked.stdout).toMatch(new RegExp(`^✓ This is entry 5 of the log omnipaw/[0-9a-f]{24}, signed with ${entries} entries:\n`));
    expect(checked.stdout.split('\n')[1]).toBe(line);
    const forScripts = await omnipaw(['receipt', 'verify', file, '--public-key', publicKey, '--json']);
    expect(JSON.parse(forScripts.stdout)).toMatchObject({ entries, entry: JSON.parse(line) as object });
  });

  test('can be made against a head that is named, and for scripts', async () => {
    const { log, key } = await signedLog();
    const head = path.join(temporaryFolder(), 'x.head');
    await omnipaw(['sign', '--log', log, '--key', key, '--out', head]);
    const { stdout } = await omnipaw(['receipt', '--log', log, '--at', '0', '--head', head, '--json']);
    const { at, receipt } = JSON.parse(stdout) as { at: number; receipt: string };
    expect(at).toBe(0);
    expect(receipt.endsWith(fs.readFileSync(head, 'utf8'))).toBe(true);
    const file = path.join(temporaryFolder(), 'entry.tlog-proof');
    expect(JSON.parse((await omnipaw(['receipt', '--log', log, '--at', '0', '--out', file, '--json'])).stdout)).toEqual({ at: 0, file });
  });

  test('is not made for an entry that was not signed, nor for a log that was not', async () => {
    const { log, entries } = await signedLog();
    const beyond = await omnipaw(['receipt', '--log', log, '--at', String(entries)]);
    expect(beyond).toMatchObject({ code: 2, stdout: '' });
    expect(beyond.stderr).toContain(`The signed head covers entries 0 to ${entries - 1}`);
    expect(await omnipaw(['receipt', '--log', path.join(temporaryFolder(), 'nowhere'), '--at', '0'])).toMatchObject({ code: 2, stderr: expect.stringContaining('LOG_NOT_FOUND') as string });
    const unsigned = await teamLog();
    const none = await omnipaw(['receipt', '--log', unsigned.log, '--at', '0']);
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toContain('There is no signed head beside the log. Sign it first: omnipaw sign --log');
  });

  test('that was changed, or is another key\'s, is refused', async () => {
    const { log, publicKey } = await signedLog();
    const file = path.join(temporaryFolder(), 'r.tlog-proof');
    await omnipaw(['receipt', '--log', log, '--at', '5', '--out', file]);
    const other = await newKeys();
    const byOther = await omnipaw(['receipt', 'verify', file, '--public-key', other.publicKey]);
    expect(byOther).toMatchObject({ code: 1, stdout: '' });
    expect(byOther.stderr).toMatch(/^error: RECEIPT_INVALID: The receipt proves nothing: it is not signed by the key that was given\./);
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('index 5', 'index 4'));
    const changed = await omnipaw(['receipt', 'verify', file, '--public-key', publicKey, '--json']);
    expect(changed.code).toBe(1);
    expect(JSON.parse(changed.stdout)).toMatchObject({ ok: false, error: { code: 'RECEIPT_INVALID' } });
    expect(await omnipaw(['receipt', 'verify', 'nowhere', '--public-key', publicKey])).toMatchObject({ code: 2, stdout: '' });
  });

  test('verify has a help of its own, and says what it needs', async () => {
    expect((await omnipaw(['receipt', 'verify', '--help'])).stdout).toContain('Usage: omnipaw receipt verify [options] <receipt>');
    expect(await omnipaw(['receipt', 'verify', 'x'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/required option '--public-key <file>' not specified\n+See "omnipaw receipt verify --help"/) as string });
    expect(await omnipaw(['receipt', '--at', '5'])).toMatchObject({ code: 2, stderr: 'error: required option \'--log <dir>\' not specified. See "omnipaw receipt --help".\n' });
  });
});

describe('a file that is there', () => {
  test('is not overwritten by a receipt, nor by a signed head', async () => {
    const { log, key } = await signedLog();
    const file = path.join(temporaryFolder(), 'precious');
    fs.writeFileSync(file, 'precious');
    for (const argv of [['receipt', '--log', log, '--at', '5'], ['sign', '--log', log, '--key', key]]) {
      const { code, stderr } = await omnipaw([...argv, '--out', file]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: `error: ${file} is there already, and nothing is overwritten. Name another file with --out.\n` });
    }
    expect(fs.readFileSync(file, 'utf8')).toBe('precious');
  });

  test('is named if it is no key', async () => {
    const { log, key, publicKey } = await signedLog();
    const wrong = path.join(temporaryFolder(), 'wrong.key');
    fs.writeFileSync(wrong, 'no key');
    expect((await omnipaw(['sign', '--log', log, '--key', wrong])).stderr).toContain(`error: KEY_INVALID: ${wrong}: This must be an Ed25519 private key`);
    for (const file of [wrong, key]) expect((await omnipaw(['verify', '--log', log, '--public-key', file])).stderr).toContain(`error: KEY_INVALID: ${file}: This must be an Ed25519 public key`);
    expect((await omnipaw(['verify', '--log', log, '--public-key', publicKey])).code).toBe(0);
  });
});

describe('verify with a key says', () => {
  test('why nothing is proven', async () => {
    const [{ log }, signed, other] = [await teamLog(), await signedLog(), await newKeys()];
    const said = async (...argv: readonly string[]): Promise<string> => /INCOMPLETE +(.*)/.exec((await omnipaw(['verify', ...argv])).stdout)?.[1] ?? '';
    expect(await said('--log', log, '--public-key', signed.publicKey)).toBe('nothing is signed: there is no head');
    expect(await said('--log', signed.log, '--public-key', other.publicKey)).toBe('this key has signed none of the heads');
    expect(await said('--log', log, '--public-key', signed.publicKey, '--head', headsOf(signed.log)[0]!)).toBe('a head is not one of this log');
    expect(await said('--log', signed.log, '--public-key', signed.publicKey, '--pin', 'ab'.repeat(32))).toBe('the pinned entry is missing');
  });
});

describe('run with --sign', () => {
  test('does not begin on a log that no longer holds what was signed', async () => {
    const { log, key } = await signedLog();
    damage(log, (bytes) => bytes.subarray(0, bytes.lastIndexOf('\n', bytes.length - 2) + 1));
    const before = storedText(log);
    for (const command of ['run', 'resume']) {
      const argv = command === 'run' ? ['run', program('greeter.ts'), '--input', '"Ada"', '--grant', 'call:greet'] : ['resume', program('team.ts')];
      const { code, stderr } = await omnipaw([...argv, '--log', log, '--sign', key]);
      expect(code).toBe(1);
      expect(stderr).toContain('error: HEAD_CONTRADICTED: The log does not hold the ');
    }
    expect(storedText(log)).toBe(before);
  });

  test('leaves a log that is signed to its end', async () => {
    const [{ key, publicKey }, log] = [await newKeys(), path.join(temporaryFolder(), 'log')];
    const ran = await omnipaw(['run', program('greeter.ts'), '--input', '"Ada"', '--grant', 'call:greet', '--log', log, '--sign', key]);
    expect(ran.code).toBe(0);
    const { code, stdout } = await omnipaw(['verify', '--log', log, '--public-key', publicKey]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/COMPLETE +signed up to entry \d+, the last one\n/);
  });

  test('is signed to its end as well by whoever resumes it', async () => {
    const [{ key, publicKey }, log] = [await newKeys(), path.join(temporaryFolder(), 'log')];
    const kernel = await createKernel({ log: new FileLogStore(log), agents: [greeter], tools: [greet] });
    kernel.spawn(greeter, 'Ada', { grants: ['call:greet'] });
    await kernel.stop();
    const { stderr } = await omnipaw(['resume', program('greeter.ts'), '--log', log, '--sign', key]);
    expect(stderr).toContain('Resuming greeter-1 WAITING.');
    const { code, stdout } = await omnipaw(['verify', '--log', log, '--public-key', publicKey]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/COMPLETE +signed up to entry \d+, the last one\n/);
  });

  test('is signed to its end as well if it is a fork', async () => {
    const [{ key, publicKey }, { log }, into] = [await newKeys(), await teamLog(), path.join(temporaryFolder(), 'other')];
    const argv = ['fork', program('team.ts'), '--log', log, '--at', '1', '--into', into, '--sign'];
    expect((await omnipaw([...argv, 'nowhere.key'])).stderr).toContain("The private key can't be read");
    expect(fs.existsSync(into)).toBe(false);
    await omnipaw([...argv, key]);
    expect((await omnipaw(['verify', '--log', into, '--public-key', publicKey])).stdout).toMatch(/COMPLETE +signed up to entry \d+, the last one\n/);
  });

  test('does not begin without the key', async () => {
    const log = path.join(temporaryFolder(), 'log');
    const { code, stderr } = await omnipaw(['run', program('greeter.ts'), '--log', log, '--sign', 'nowhere.key']);
    expect(code).toBe(2);
    expect(stderr).toContain("The private key can't be read");
    expect(fs.existsSync(log)).toBe(false);
  });
});

describeWith('openssl', 'the key and the signatures', () => {
  test('are those of OpenSSL', async () => {
    const { log, publicKey } = await signedLog();
    const [text, signature] = fs.readFileSync(headsOf(log)[0]!, 'utf8').split('\n\n') as [string, string];
    const folder = temporaryFolder();
    fs.writeFileSync(`${folder}/text`, `${text}\n`);
    fs.writeFileSync(`${folder}/signature`, Buffer.from(signature.trim().split(' ')[2]!, 'base64').subarray(4));
    const check = (): number | null =>
      spawnSync('openssl', ['pkeyutl', '-verify', '-pubin', '-inkey', publicKey, '-rawin', '-in', `${folder}/text`, '-sigfile', `${folder}/signature`]).status;
    expect(check()).toBe(0);
    fs.appendFileSync(`${folder}/text`, ' ');
    expect(check()).not.toBe(0);
  });
});
