import { OmniError } from '../errors/index.js';
import type { Emit, Entry, Projection, Proposal, RawEntry } from '../logging/index.js';
import type { Evaluated, Instruction } from '../programs/index.js';
import type { Position } from './authority.js';
import { invalidInstruction, requireCount, requireText } from './require.js';

export interface VersionSyscallsOptions {
  readonly emit: Emit;
  /** Asks guards about a choice that is made: a replay has to find it where it stands, and in an old history there is none. */
  readonly reviewNote: (choice: Proposal) => void;
  /** The entry that a history has next; undefined where there is none, or none any more. */
  readonly recorded: () => RawEntry | undefined;
}

/**
 * VERSION: which form of a changed program an agent goes by.
 *
 * In a history that has no choice at this place, the agent passed it before the change was made, and goes by version 0
 * for as long as it runs. What it was told is a part of its process, like the rest of what a program knows: it comes back when
 * the program is run again.
 */
export class VersionSyscalls implements Projection {
  readonly #options: VersionSyscallsOptions;
  readonly #told = new Map<string, Map<string, number>>();

  constructor(options: VersionSyscallsOptions) {
    this.#options = options;
  }

  choose(instruction: Instruction & { readonly op: 'VERSION' }, { agent, tick, call }: Position): Evaluated {
    const { change, min, max } = versionRange(instruction);
    const told = this.#told.get(agent)?.get(change);
    if (told !== undefined) return { ok: true, value: assertSupported(told, agent, { change, min, max }) };
    const next = this.#options.recorded();
    const version = next === undefined ? max : choiceIn(next, { agent, change });
    const value = assertSupported(version ?? BEFORE_THE_CHANGE, agent, { change, min, max });
    if (version === undefined) this.tell(agent, change, value);
    else this.#options.reviewNote(this.#options.emit({ kind: 'VERSION_CHOSEN', agent, data: { tick, call, change, version: value } }));
    return { ok: true, value };
  }

  /** Notes what an agent was told. */
  tell(agent: string, change: string, version: number): void {
    const known = this.#told.get(agent);
    if (known === undefined) this.#told.set(agent, new Map([[change, version]]));
    else known.set(change, version);
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    if (entry.kind === 'VERSION_CHOSEN') this.tell(entry.agent, entry.data.change, entry.data.version);
    else if (FORGETS.has(entry.kind)) this.#told.delete(entry.agent);
  }
}

const FORGETS: ReadonlySet<string> = new Set(['AGENT_TERMINATED', 'AGENT_FAULTED', 'AGENT_CONTINUED']);

/** What an agent goes by that passed the place when there was nothing to choose yet. */
export const BEFORE_THE_CHANGE = 0;

interface VersionRange {
  readonly change: string;
  readonly min: number;
  readonly max: number;
}

/** Checks what a program asks; throws `INVALID_INSTRUCTION`. */
export function versionRange(instruction: Instruction & { readonly op: 'VERSION' }): VersionRange {
  const change = requireText(instruction.change, 'VERSION', 'change');
  const min = requireCount(instruction.min, 'VERSION', 'min');
  const max = requireCount(instruction.max, 'VERSION', 'max');
  if (min <= max) return { change, min, max };
  throw invalidInstruction(`The min of a VERSION instruction is ${min}, and its max ${max}; the least may not be more than the most.`);
}

/** Throws `VERSION_UNSUPPORTED` for a form that the program does not have any more. */
export function assertSupported(version: number, agent: string, { change, min, max }: VersionRange): number {
  if (version >= min && version <= max) return version;
  throw new OmniError(
    'VERSION_UNSUPPORTED',
    `Agent "${agent}" goes by version ${version} of "${change}", and the program supports ${min} to ${max}. Keep the old form until no agent goes by it.`,
    { details: { agent, change, version, min, max } },
  );
}

function choiceIn({ kind, agent, data }: RawEntry, wanted: { readonly agent: string; readonly change: string }): number | undefined {
  const isChoice = kind === 'VERSION_CHOSEN' && agent === wanted.agent && data['change'] === wanted.change;
  return isChoice ? (data['version'] as number) : undefined;
}
