import { OmniError } from '../errors/index.js';
import { deepFreeze, differences, reorderedAt, type Difference, type JsonObject } from '../json/index.js';
import type { Proposal, RawEntry } from '../logging/index.js';
import { instructionOf } from './instruction-of.js';

/** One side of a divergence: the entry, and the instruction of a program that makes such entries, if one does. */
export interface DivergentSide {
  readonly agent: string | null;
  readonly kind: string;
  readonly data: JsonObject;
  /** What the program asked for, in the words of {@link Instruction}. */
  readonly instruction?: JsonObject;
}

/** The first place at which running the programs again did not make what the log has. */
export interface Divergence {
  /** The entry of the log that was not made again. */
  readonly busSeq: number;
  /** Whose doing it was; null for the kernel's own. */
  readonly agent: string | null;
  /** The tick of that agent; null for what no tick made. */
  readonly tick: number | null;
  /** What happened, in a sentence. */
  readonly message: string;
  /** What the log has. */
  readonly expected: DivergentSide;
  /** What was made now; null if nothing was. */
  readonly actual: DivergentSide | null;
  /** Where the two differ, in the entry's data; empty if they are not of the same kind or agent, or differ in their form alone. */
  readonly differences: readonly Difference[];
}

/** Without time, place and hashes: what an entry says. */
type Said = Pick<RawEntry, 'agent' | 'kind'> & { readonly data: object };

export function divergenceAt(recorded: RawEntry, made: Said | Proposal | undefined, because = ''): Divergence {
  const expected = sideOf(recorded);
  const actual = made === undefined ? null : sideOf(made);
  // What came from outside is nobody's doing: where a program did something more instead, it is that program's.
  const isSurplus = expected.instruction === undefined && actual?.instruction !== undefined;
  const actor = actorOf(isSurplus ? actual : recorded);
  const isComparable = actual?.kind === expected.kind && actual.agent === expected.agent;
  const found = isComparable ? differences(expected.data, actual.data) : [];
  return Object.freeze({
    busSeq: recorded.busSeq,
    ...actor,
    message: messageOf({ expected, actual, differences: found }, because),
    expected,
    actual,
    differences: found,
  });
}

/** Whose doing an entry is: a child's birth is its delegator's. */
function actorOf({ agent, data }: Pick<RawEntry, 'agent' | 'data'>): { readonly agent: string | null; readonly tick: number | null } {
  const { parent, delegation, tick } = data as { readonly parent?: string | null; readonly delegation?: { readonly tick: number } | null; readonly tick?: number };
  if (typeof parent === 'string' && typeof delegation?.tick === 'number') return { agent: parent, tick: delegation.tick };
  return { agent, tick: typeof tick === 'number' ? tick : null };
}

/** The error by which a divergence stops what could have gone on. */
export function divergenceError(divergence: Divergence): OmniError {
  const { busSeq, agent, tick, message } = divergence;
  const place = [`entry ${String(busSeq)}`, ...(agent === null ? [] : [`agent "${agent}"`]), ...(tick === null ? [] : [`tick ${String(tick)}`])].join(', ');
  return new OmniError(
    'REPLAY_DIVERGENCE',
    `The programs do not do what the log says that they did (${place}): ${message} Run the version of the program that wrote the log, or make the change with ctx.version().`,
    { details: { ...divergence } },
  );
}

function messageOf({ expected, actual, differences }: Pick<Divergence, 'expected' | 'actual' | 'differences'>, because: string): string {
  const reason = because === '' ? '' : ` ${because}`;
  if (actual === null) return `The log has ${nameOf(expected)}, and nothing led to it now.${reason}`;
  const [first] = differences;
  if (first === undefined) return `The log has ${nameOf(expected)}; now it is ${otherwiseThan(expected, actual)}.${reason}`;
  return `The log has ${nameOf(expected)}; now it says something else at ${differences.map(({ path }) => path).join(', ')}.${reason}`;
}

/** What it is now, if no value in it differs. */
function otherwiseThan(expected: DivergentSide, actual: DivergentSide): string {
  if (actual.kind !== expected.kind || actual.agent !== expected.agent) return nameOf(actual);
  const path = reorderedAt(expected.data, actual.data);
  return path === undefined ? 'the same, and a kernel writes it in another form' : `the same, with the fields at ${path} in another order`;
}

function nameOf({ kind, agent, instruction, data }: DivergentSide): string {
  const tool = typeof data['tool'] === 'string' ? ` of tool "${data['tool']}"` : '';
  const op = typeof instruction?.['op'] === 'string' ? ` (${instruction['op']})` : '';
  return `${kind}${tool}${op}${agent === null ? '' : ` of "${agent}"`}`;
}

/** What is recorded may be what no kernel writes, and is shown as it was read: only JSON can have been read. */
function sideOf({ agent, kind, data }: Said): DivergentSide {
  const json = deepFreeze(JSON.parse(JSON.stringify(data)) as JsonObject);
  const instruction = instructionOf(kind, json);
  return Object.freeze({ agent, kind, data: json, ...(instruction === undefined ? {} : { instruction }) });
}
