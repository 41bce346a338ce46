/** The page says what there is of the platform: it is asked in the isolate. */
import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { jobOf, openPool, valueOf } from './support.js';

// A machine may be slow.
vi.setConfig({ testTimeout: 60_000 });

const page = readFileSync(new URL('../../../../docs/content/plugins.md', import.meta.url), 'utf8');
const section = page.slice(page.indexOf('### What there is of the platform'), page.indexOf('## Limits'));

/** By the first cell of its rows, which name things in code; the last row has them in its second one. */
function namesIn(row: string): readonly string[] {
  return [...row.matchAll(/`([A-Za-z][\w.]*)`/g)].map(([, name]) => name!);
}

const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| | |')).map((line) => line.split(' | '));
const absent = namesIn(rows.find(([first]) => first === '| **not there**')![1]!);
const present = rows.flatMap(([first = '', second = '']) => namesIn(first === '| the language' ? second : first)).filter((name) => name !== 'eval');

test('what the page says is there, is; and what it says is not, is not', async () => {
  expect(present.length).toBeGreaterThan(15);
  expect(absent.length).toBeGreaterThan(15);
  const asked = (names: readonly string[]): Promise<unknown> => valueOf(openPool().run(jobOf(`() => [${names.map((name) => `typeof ${name}`).join(', ')}]`)));
  const types = (await asked(present)) as readonly string[];
  expect(present.filter((_name, index) => types[index] === 'undefined')).toEqual([]);
  const others = (await asked(absent)) as readonly string[];
  expect(absent.filter((_name, index) => others[index] !== 'undefined')).toEqual([]);
});

test('every global beside the language stands on the page', async () => {
  const names = (await valueOf(openPool().run(jobOf('() => Object.getOwnPropertyNames(globalThis)')))) as readonly string[];
  const isOfTheLanguage = (name: string): boolean => /^(?:Object|Function|Array|String|Number|Boolean|Symbol|BigInt|Math|JSON|Reflect|Proxy|Promise|(?:Weak)?(?:Map|Set)|Date|RegExp|\w*Error|\w+Array|ArrayBuffer|DataView|Iterator|(?:Async)?DisposableStack|parse(?:Int|Float)|is(?:NaN|Finite)|(?:de|en)codeURI(?:Component)?|(?:un)?escape|globalThis|undefined|NaN|Infinity|eval)$/.test(name);
  expect(names.filter((name) => !isOfTheLanguage(name) && !present.includes(name))).toEqual(['DOMException']);
});

test('no time passes: a timer fires at once, and the clock stands still', async () => {
  const handler = 'async () => { const before = Date.now(); await new Promise((done) => setTimeout(done, 3_600_000)); return Date.now() - before; }';
  expect(await valueOf(openPool().run(jobOf(handler)))).toBe(0);
});
