import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { FileLogReader, inspect, readEntries, replay, verify, type Entry, type Inspection, type Json } from '@omnipaw/kernel';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../../../../testing/bundle.js';
import { Program } from '../node/program.js';
import { temporaryDirectory } from '../node/temporary-directory.js';
import { entriesOf, ofKind } from '../support/index.js';
import { agents, IDEMPOTENT, isApproved, team, toolsIn, WORKERS, type Effect, type Tally } from './team.js';

/** `OMNIPAW_KILLS=200 OMNIPAW_SEED=7 npx vitest run packages/kernel/test/recovery/kill.test.ts` */
const KILLS = Number(process.env['OMNIPAW_KILLS'] ?? 20);
const SEED = Number(process.env['OMNIPAW_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

/** What the program said of itself. */
interface Line {
  readonly begun?: true;
  readonly opened?: number;
  readonly acted?: string;
  readonly acknowledged?: string;
  readonly result?: Json;
  readonly problem?: string;
  readonly head?: string;
}

/** Numbers from 0 up to, not including, 1; of one seed always the same ones (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A run of the team on a disk, in many lives. */
class Run {
  readonly directory = temporaryDirectory();
  readonly log = new FileLogReader(`${this.directory}/log`);
  readonly #worker: string;
  readonly problems: string[] = [];
  /** How often a kill came while a checkpoint was being written. */
  unfinished = 0;
  #unfinishedSince: number | undefined;
  /** What was told and not looked for on the disk yet. */
  readonly #acknowledged: Line[] = [];
  /** Intents on record, by key, and results, by agent, as far as the log has been read. */
  readonly #intents = new Set<string>();
  readonly #results = new Map<string, Json>();
  #readSeq = 0;
  #logId = '';
  #checkedEffects = 0;

  constructor(worker: string) {
    this.#worker = worker;
  }

  get effects(): readonly Effect[] {
    try {
      return readFileSync(`${this.directory}/effects`, 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as Effect);
    } catch {
      return [];
    }
  }

  /** Starts the program, and kills it when it has acted so often, or (-1) while it opens the log. */
  async killAfter(effects: number): Promise<void> {
    const program = this.#start();
    for (let acted = 0, isOpen = false; !isOpen || acted < effects;) {
      const line = await program.line();
      if (line === undefined) throw new Error('The program ended by itself.');
      const { begun, opened, acted: key } = this.#note(line);
      if (begun === true && effects < 0) break;
      isOpen ||= opened !== undefined;
      if (key !== undefined) acted++;
    }
    for (const line of await program.kill()) if (line.endsWith('}')) this.#note(line);
    this.#lookForUnfinished();
    await this.#expectOnRecord();
  }

  /** Lets the team come to its end; gives the head of the log. */
  async finish(): Promise<string | undefined> {
    writeFileSync(`${this.directory}/enough`, '');
    const program = this.#start();
    let head: string | undefined;
    for (let line = await program.line(); line !== undefined; line = await program.line()) ({ head } = this.#note(line));
    await this.#expectOnRecord();
    return head;
  }

  #start(): Program {
    return new Program(process.execPath, [this.#worker, `${this.directory}/log`, this.directory]);
  }

  #note(text: string): Line {
    const line = JSON.parse(text) as Line;
    if (line.problem !== undefined) this.problems.push(line.problem);
    if (line.acknowledged !== undefined) this.#acknowledged.push(line);
    return line;
  }

  #lookForUnfinished(): void {
    const begun = statSync(`${this.directory}/log/checkpoint.tmp`, { throwIfNoEntry: false })?.mtimeMs;
    if (begun !== undefined && begun !== this.#unfinishedSince) this.unfinished++;
    this.#unfinishedSince = begun;
  }

  /** What has left the kernel was on the disk when the process died, which a later life can't make good. */
  async #expectOnRecord(): Promise<void> {
    // The very first life may end before there is a log.
    if (this.#readSeq === 0 && this.#acknowledged.length === 0 && !existsSync(`${this.directory}/log/0000000000000000.jsonl`)) return;
    for await (const raw of readEntries(this.log, { fromSeq: this.#readSeq })) {
      const { kind, agent, data, busSeq } = raw as unknown as Entry;
      if (kind === 'LOG_OPENED') this.#logId = data.logId;
      if (kind === 'TOOL_CALLED') this.#intents.add(`${this.#logId}/${agent}/${data.tick}/${data.call}`);
      if (kind === 'AGENT_COMPLETED') this.#results.set(agent!, data.result);
      this.#readSeq = busSeq + 1;
    }
    const { effects } = this;
    for (const { key } of effects.slice(this.#checkedEffects)) expect(this.#intents).toContain(key);
    for (const { acknowledged, result } of this.#acknowledged.splice(0)) expect([acknowledged, this.#results.get(acknowledged!)]).toEqual([acknowledged, result]);
    this.#checkedEffects = effects.length;
  }
}

/** What became of each call, by its key. */
interface Call {
  readonly agent: string;
  readonly tool: string;
  readonly what: string;
  readonly outcome: 'ok' | 'unknown' | 'other';
  readonly effects: readonly Effect[];
}

function callsIn(entries: readonly Entry[], effects: readonly Effect[]): readonly Call[] {
  const logId = ofKind(entries, 'LOG_OPENED')[0]!.data.logId;
  const byKey = new Map<string, Effect[]>();
  for (const effect of effects) byKey.set(effect.key, [...(byKey.get(effect.key) ?? []), effect]);
  const results = new Map(ofKind(entries, 'TOOL_RESULT').map(({ agent, data: { tick, call, result } }) => [`${logId}/${agent}/${tick}/${call}`, result]));
  const made = ofKind(entries, 'TOOL_CALLED').filter(({ data }) => data.tool !== 'goesOn');
  return made.map(({ agent, data: { tick, call, tool, args } }) => {
    const key = `${logId}/${agent}/${tick}/${call}`;
    const result = results.get(key);
    const outcome = result === undefined ? 'other' : result.ok ? 'ok' : result.error.code === 'TOOL_OUTCOME_UNKNOWN' ? 'unknown' : 'other';
    return { agent: agent!, tool, what: (args as { readonly what: string }).what, outcome, effects: byKey.get(key) ?? [] } as const;
  });
}

/** What the agents of the team say that they have done, by agent. */
type Results = ReadonlyMap<string, Json>;

function roundsOf(results: Results, type: string): [agent: string, tally: Tally][] {
  return team.filter(({ type: { type: name } }) => name === type).map(({ id }) => [id, results.get(id) as unknown as Tally]);
}

/** All that has to be done for rounds of that number, and nothing else. */
function expectedPuts(results: Results): string[] {
  const numbered = (type: string): string[] => roundsOf(results, type).flatMap(([agent, { rounds }]) => Array.from({ length: rounds }, (_, round) => `${agent}/${round}`));
  return [...numbered('worker').flatMap((name) => [`${name}/helped`, `${name}/one`, `${name}/other`]), ...numbered('pong').map((name) => `${name}/answer`)].sort();
}

function expectRightResults(results: Results, { agents: all, shared }: Inspection, calls: readonly Call[]): void {
  expect([...results.keys()].sort()).toEqual(team.map(({ id }) => id).sort());
  const parentOf = new Map(all.map(({ id, parent }) => [id, parent]));
  for (const type of ['worker', 'ping', 'asker', 'boss']) {
    for (const [agent, { rounds, paid, unknown }] of roundsOf(results, type)) {
      const own = calls.filter((call) => !IDEMPOTENT.has(call.tool) && (call.agent === agent || parentOf.get(call.agent) === agent));
      const payments = { worker: 2 * rounds, ping: 0, boss: rounds, asker: Math.ceil(rounds / 2) }[type]!;
      expect([agent, paid, unknown]).toEqual([agent, own.filter(({ outcome }) => outcome === 'ok').length, own.filter(({ outcome }) => outcome === 'unknown').length]);
      expect([agent, paid + unknown]).toEqual([agent, payments]);
    }
  }
  const workers = Object.fromEntries(roundsOf(results, 'worker').map(([agent, { rounds }]) => [agent, rounds]));
  expect(results.get('collector')).toEqual({ reports: workers, ended: WORKERS });
  expect(shared['team']!['count']!.value).toBe(Object.values(workers).reduce((sum, rounds) => sum + rounds, 0));
  expect(roundsOf(results, 'pong').map(([, { rounds }]) => rounds)).toEqual(roundsOf(results, 'ping').map(([, { rounds }]) => rounds));
}

function expectRightEffects(results: Results, calls: readonly Call[], effects: readonly Effect[]): void {
  for (const { tool, what, outcome, effects: done } of calls) {
    const times = `${what}: ${outcome}, done ${done.length} times`;
    expect(new Set(done.map((effect) => effect.what)), times).toEqual(new Set(done.length === 0 ? [] : [what]));
    if (IDEMPOTENT.has(tool)) expect([outcome, done.length > 0], times).toEqual(['ok', true]);
    else if (outcome === 'ok') expect(done.length, times).toBe(1);
    else expect([outcome, done.length <= 1], times).toEqual(['unknown', true]);
    if (what.startsWith('asker')) expect(isApproved(what), times).toBe(true);
  }
  expect(calls.reduce((sum, { effects: done }) => sum + done.length, 0)).toBe(effects.length);
  const puts = calls.filter(({ tool }) => IDEMPOTENT.has(tool));
  expect([...new Set(effects.filter(({ tool }) => IDEMPOTENT.has(tool)).map(({ what }) => what))].sort()).toEqual(expectedPuts(results));
  expect(puts.map(({ what }) => what).sort()).toEqual(expectedPuts(results));
}

// The seed is what a failure needs to be seen again, as far as the moments go.
describe(`a run of twenty agents (OMNIPAW_KILLS=${KILLS} OMNIPAW_SEED=${SEED})`, () => {
  let worker: string;
  beforeAll(async () => {
    worker = await bundle(new URL('programs/team.ts', import.meta.url));
  }, 60_000);

  test('whose process is killed again and again loses nothing that has left it, and does nothing twice', async () => {
    const run = new Run(worker);
    const random = numbersFrom(SEED);
    for (let kill = 0; kill < KILLS; kill++) await run.killAfter(random() < 0.15 ? -1 : Math.floor(random() ** 2 * 60));
    const head = await run.finish();

    expect(head).toMatch(/^[0-9a-f]{64}$/);
    const verdict = await verify(run.log, { pin: head! });
    expect(verdict).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE' });
    const entries = await entriesOf(run.log);
    const results = new Map(ofKind(entries, 'AGENT_COMPLETED').map(({ agent, data }) => [agent!, data.result]));
    const inspection = await inspect(run.log);
    for (const { id, state, outcome } of inspection.agents) expect([id, state, outcome?.ok]).toEqual([id, 'TERMINATED', true]);
    const { effects } = run;
    const calls = callsIn(entries, effects);
    const teamResults = new Map(team.map(({ id }) => [id, results.get(id)!]));
    expectRightResults(teamResults, inspection, calls);
    expectRightEffects(teamResults, calls, effects);
    expect(run.problems).toEqual([]);
    // What a kill left of a checkpoint that was being written does not stay.
    expect(readdirSync(`${run.directory}/log`).filter((name) => !name.endsWith('.jsonl'))).toEqual(['checkpoint']);
    const unreachable = toolsIn({ act: () => { throw new Error('A tool acts in a replay.'); }, sleep: () => Promise.resolve(), goesOn: () => true });
    const report = await replay(run.log, { agents, tools: unreachable, pin: head! });
    expect(report.divergence).toBeUndefined();
    expect(report).toMatchObject({ replay: 'REPRODUCED', completeness: 'COMPLETE', entries: entries.length });
    if (process.env['OMNIPAW_KILLS'] !== undefined) say({ entries, calls, effects, unfinished: run.unfinished, ticks: report.ticks });
  }, 60_000 + KILLS * 10_000);
});

function say({ entries, calls, effects, unfinished, ticks }: { entries: readonly Entry[]; calls: readonly Call[]; effects: readonly Effect[]; unfinished: number; ticks: number }): void {
  const count = (outcome: Call['outcome']): number => calls.filter((call) => call.outcome === outcome).length;
  const kinds = (kind: Entry['kind']): number => entries.filter((entry) => entry.kind === kind).length;
  console.info({
    kills: KILLS, seed: SEED, entries: entries.length, ticks, calls: calls.length, effects: effects.length, repeated: effects.length - new Set(effects.map(({ key }) => key)).size,
    unknown: count('unknown'), unknownThatActed: calls.filter((call) => call.outcome === 'unknown' && call.effects.length === 1).length,
    opened: kinds('KERNEL_STARTED'), tornTails: kinds('LOG_TAIL_CUT'), continued: kinds('AGENT_CONTINUED'), retried: kinds('TOOL_RETRIED'), unfinishedCheckpoints: unfinished,
  });
}
