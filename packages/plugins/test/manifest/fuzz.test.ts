/**
 * Manifests with mistakes at random: no crash, no hang, and nothing accepted that the published schema refuses.
 *
 * `OMNIPAW_MANIFESTS=100000` makes it as many; a failure prints the seed by which fast-check finds it again.
 */
import { readFileSync } from 'node:fs';
import { OmniError } from '@omnipaw/kernel';
import { PluginValidator } from '@omnipaw/plugins';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { weather } from '../support/weather.js';

const RUNS = Number(process.env['OMNIPAW_MANIFESTS'] ?? 1_000);

const published = JSON.parse(readFileSync(new URL('../../plugin.manifest.schema.json', import.meta.url), 'utf8')) as object;
const fits = new Ajv2020({ strict: false }).compile(published);
const validator = new PluginValidator({ kernelVersion: '0.1.0' });

type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
type Mutation = (manifest: Value) => Value;

/** Words that mean something somewhere in a manifest, and what is dangerous in some place. */
const words = fc.constantFrom(
  ...['network', 'filesystem', 'shell', 'memory', 'shared:team', 'tool:host.git.status', 'tool:*', 'name', 'tools', 'permissions', 'hosts', 'input', '$ref', '#', '#/$defs/a', '$defs'],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', '', '.', '..', '../x.ts', 'C:\\x.ts', '/etc/passwd', 'x.ts', 'src/x.ts', 'con.ts', '\0', '\u202e'],
  ...['weather.x', 'weather.', 'plugin-x', '1.0.0', '>=0.0.0', '*', 'call:*', 'call:weather.x', 'maxTicks', 'object', 'string', 'pattern', '^(a+)+$', '(?=x)', 'allOf', 'not', 'if', 'const', 'type', 'properties'],
);
const text = fc.oneof(words, fc.string({ maxLength: 12 }), fc.string({ maxLength: 12, unit: 'binary' }));
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, -1, 1e21, Number.MAX_SAFE_INTEGER));

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'value' },
    ...[text, number, fc.boolean(), fc.constant(null)],
    ...[fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(text, tie('value'), { maxKeys: 4 })],
  ),
}));

/** What is done at a place that was chosen at random: each container is as likely as the one above it. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('replace'), value }),
  fc.record({ kind: fc.constant('add'), key: text, value }),
  fc.record({ kind: fc.constant('rename'), key: text, value }),
  fc.record({ kind: fc.constant('remove'), key: text, value }),
  fc.record({ kind: fc.constant('copy'), key: text, value }),
);

const mutation: fc.Arbitrary<Mutation> = fc.record({ steps: fc.array(fc.nat(), { minLength: 2, maxLength: 6 }), change }).map(({ steps, change: { kind, value: other, ...rest } }) => {
  const key = 'key' in rest ? rest.key : '';
  return (manifest) => at(manifest, steps, (old, place, parent) => {
    if (kind === 'replace' || typeof parent !== 'object' || parent === null) return { [place]: other };
    if (kind === 'remove') return {};
    if (kind === 'rename') return { [key]: old };
    return kind === 'copy' ? { [place]: old, [key]: old } : { [place]: old, [key]: other };
  });
});

/** A copy of a value in which one member, found by the numbers of the members on the way to it, is replaced by others. */
function at(value: Value, [step = 0, ...deeper]: readonly number[], replace: (old: Value, place: string, parent: Value) => Record<string, Value>): Value {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 0) return Object.values(replace(null, '0', value))[0] ?? value;
  const chosen = step % entries.length;
  const changed = entries.flatMap(([place, old], index): [string, Value][] => {
    if (index !== chosen) return [[place, old]];
    const isEnd = deeper.length === 0 || typeof old !== 'object' || old === null;
    return isEnd ? Object.entries(replace(old, place, value)) : [[place, at(old, deeper, replace)]];
  });
  return Array.isArray(value) ? changed.map(([, inner]) => inner) : Object.fromEntries(changed);
}

/** Damage to the text itself: a piece is cut out, written twice, or replaced. */
const damage = fc.record({ from: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.nat(40), by: fc.oneof(fc.constant(''), words, fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', '\\ud800', '1e999', '-0', 'null')) });

const manifests = fc.oneof(
  { weight: 6, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 3 }).map((mutations) => JSON.stringify(mutations.reduce((manifest, mutate) => mutate(manifest), weather() as unknown as Value))) },
  { weight: 2, arbitrary: fc.array(damage, { minLength: 1, maxLength: 3 }).map((all) => all.reduce((source, { from, length, by }) => source.slice(0, from * source.length) + by + source.slice(from * source.length + length), JSON.stringify(weather()))) },
  { weight: 1, arbitrary: value.map((whole) => JSON.stringify(whole)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
);

test(`${RUNS} manifests with mistakes: no crash, no hang, none accepted that the schema refuses`, { timeout: 60_000 + RUNS * 50 }, async () => {
  const counts = { accepted: 0, refused: 0 };
  await fc.assert(fc.asyncProperty(manifests, async (source) => {
    const verdict = validator.judge(source);
    if (verdict.ok) {
      counts.accepted++;
      expect(fits(JSON.parse(source as string)), 'the schema says no').toBe(true);
      expect(verdict.manifest.tools.every(({ name }) => name.startsWith(`${verdict.manifest.shortName}.`))).toBe(true);
    } else {
      counts.refused++;
      expect(verdict.problems.length).toBeGreaterThan(0);
      // What is thrown is made of the same problems; some of them will do.
      if (counts.refused % 50 === 0) expect(() => validator.parse(source)).toThrow(OmniError);
    }
    // Who runs the tests wants to hear of this one now and then.
    if ((counts.accepted + counts.refused) % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }), { numRuns: RUNS, endOnFailure: true });
  // Both ways are gone often enough to mean something.
  expect(counts.accepted).toBeGreaterThan(RUNS / 200);
  expect(counts.refused).toBeGreaterThan(RUNS / 4);
  if (process.env['OMNIPAW_MANIFESTS'] !== undefined) console.log(counts);
});
