/** Logs that somebody has written anew, every hash right. */
import fs from 'node:fs';
import path from 'node:path';
import type { RawEntry } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { omnipaw, program, temporaryFolder } from './command.js';
import { rewrite, teamLog } from './logs.js';
import { Sink } from './sink.js';

type Data = Record<string, unknown>;

const COMMANDS = '\u001b]0;title\u0007\u001b[2J\u009b31m\u001b[31mred';
/** Everything that a terminal obeys, but newlines and the colours of the command itself. */
// eslint-disable-next-line no-control-regex -- these are what it looks for
const OBEYED = /(?!\u001b\[(?:1|2|22|3[1-6]|39)m)[\u001b\u0007\u009b]|\u001b\[31mred/;

/** A log of which one entry says something else; without a kind, all say it. */
async function changedLog(kind: string | undefined, change: (entry: RawEntry) => object): Promise<string> {
  const { log } = await teamLog();
  rewrite(log, (entry) => (kind === undefined || entry.kind === kind ? change(entry) : entry));
  return log;
}

const withData = (data: Data) => (entry: RawEntry): object => ({ ...entry, data: { ...entry.data, ...data } });

const LOGS: readonly (readonly [what: string, kind: string | undefined, change: (entry: RawEntry) => object])[] = [
  ['the names of agents', undefined, (entry) => JSON.parse(JSON.stringify(entry).replaceAll(/"(lead|worker)-/g, (found) => found + JSON.stringify(COMMANDS).slice(1, -1))) as object],
  ['the types of agents', 'AGENT_SPAWNED', withData({ type: `t${COMMANDS}` })],
  ['the state of an agent', 'AGENT_ACTIVATED', withData({ transition: { trigger: 'activate', to: `A${COMMANDS}` } })],
  ['a kind', 'MEMORY_SET', (entry) => ({ ...entry, kind: `K${COMMANDS}` })],
  ['a tick', 'TOOL_CALLED', withData({ tick: COMMANDS, tool: COMMANDS })],
  ['its header', 'LOG_OPENED', withData({ logId: COMMANDS, kernelVersion: COMMANDS, tools: { [COMMANDS]: { version: COMMANDS, digest: COMMANDS } }, extensions: { [COMMANDS]: COMMANDS } })],
  ['the parent of a fork', 'LOG_OPENED', withData({ parent: { logId: COMMANDS, busSeq: 3, hash: 'a'.repeat(64) } })],
  ['grants', 'AGENT_SPAWNED', withData({ token: { depth: 8, grants: [{ action: `call${COMMANDS}`, resource: COMMANDS, limit: COMMANDS, notAfter: COMMANDS }], budget: { [COMMANDS]: COMMANDS } } })],
];

/** What the commands say of a log, at a terminal or not. */
async function saidOf(log: string, isTTY: boolean): Promise<string> {
  const { log: other } = await teamLog();
  const team = program('team.ts');
  const copy = path.join(temporaryFolder(), 'copy');
  fs.cpSync(log, copy, { recursive: true });
  const calls = [
    ['verify', '--log', log], ['verify', '--log', log, '--parent', other], ['inspect', '--log', log], ['inspect', '--log', log, '--json'], ['tail', '--log', log],
    ['replay', '--log', log, team], ['diff', log, other], ['diff', other, log], ['what-if', '--log', log, '--deny', 'call:*'], ['fork', '--log', log, '--at', '5', '--into', `${copy}-fork`],
    ['resume', '--log', copy, team], ['tail', '--log', log, '--agent', COMMANDS], ['inspect', '--log', log, '--agent', COMMANDS], ['verify', '--log', log + COMMANDS], [COMMANDS],
  ];
  let said = '';
  for (const argv of calls) {
    const [stdout, stderr] = [new Sink({ isTTY }), new Sink({ isTTY })];
    await omnipaw(argv, { stdout, stderr });
    // What a live line is taken away with, on a slow machine.
    said += (stdout.text + stderr.text).replaceAll('\r\u001b[2K', '');
  }
  return said;
}

describe('a terminal is commanded by nothing', () => {
  test.each(LOGS)('in %s', async (_what, kind, change) => {
    const log = await changedLog(kind, change);
    for (const isTTY of [false, true]) {
      const said = await saidOf(log, isTTY);
      expect(said).not.toMatch(OBEYED);
      expect(said).toContain('\\u001b]0;title');
    }
  });

  test('in the name of a directory', async () => {
    const { log } = await teamLog();
    const odd = path.join(temporaryFolder(), 'log\u001b[2J\u001b[31mred');
    fs.renameSync(log, odd);
    for (const isTTY of [false, true]) expect(await saidOf(odd, isTTY)).not.toMatch(OBEYED);
  });
});

describe('what no kernel writes is shown as it is', () => {
  test('a moment beyond what a date can be', async () => {
    const { log } = await teamLog();
    const end = Number.MAX_SAFE_INTEGER;
    rewrite(log, (entry) => (entry.kind === 'AGENT_SPAWNED' ? { ...entry, time: end, data: { ...entry.data, token: { depth: 8, grants: [{ action: 'call', resource: 'x', notAfter: end }], notAfter: end } } } : entry));
    const inspected = await omnipaw(['inspect', '--log', log, '--at', '1']);
    expect(inspected).toMatchObject({ code: 0, stderr: '' });
    expect(inspected.stdout).toContain(` at entry 1, ${end}\n`);
    expect(inspected.stdout).toContain(`call:x (until ${end})`);
    expect(inspected.stdout).toMatch(new RegExp(`expires +${end}$`, 'm'));
    const tailed = await omnipaw(['tail', '--log', log]);
    expect(tailed).toMatchObject({ code: 0, stderr: '' });
    expect(tailed.stdout).toMatch(new RegExp(`^── – ──\n {5}1 {2}${end} {2}lead-1 `, 'm'));
  });

  test('a header that says nothing', async () => {
    const log = await changedLog('LOG_OPENED', withData({ config: null, programs: null, tools: null, extensions: null }));
    const { code, stdout, stderr } = await omnipaw(['tail', '--log', log]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/LOG_OPENED {10}\{"format":2,/);
  });
});
