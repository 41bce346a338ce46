import { PluginLoader } from '@omnipaw/plugins';
import { expect, test } from 'vitest';
import { attack } from '../invariants/attack.js';
import { folderWith } from '../support/folder.js';

const MEBIBYTE = 1024 * 1024;

test('limits that no call can have are refused before anything is loaded', () => {
  const folder = folderWith({});
  const loader = (limits: object) => () => new PluginLoader({ folder, limits });
  expect(loader({ memoryBytes: 2048 * MEBIBYTE })).toThrow(new TypeError(`The limit "memoryBytes" is from ${MEBIBYTE} to ${1024 * MEBIBYTE}, not ${2048 * MEBIBYTE}.`));
  for (const limits of [{ fuel: -1 }, { cpuMs: 1.5 }, { stackBytes: 16 * MEBIBYTE }, { resultDepth: 10_000 }]) expect(loader(limits), JSON.stringify(limits)).toThrow(TypeError);
});

test('a call may have more memory than an engine has unless somebody says so', async () => {
  const code = 'return new Uint8Array(80 << 20).length;';
  const run = async (mebibytes: number) => (await attack({ plugins: { evil: { tools: { run: code } } }, limits: { memoryBytes: mebibytes * MEBIBYTE } })).said;
  expect(await run(128)).toEqual({ value: 80 * MEBIBYTE });
  expect(await run(32)).toMatchObject({ code: expect.stringMatching(/^PLUGIN_(LIMIT_EXCEEDED|FAILED)$/) as unknown });
});
