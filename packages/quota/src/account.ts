import { matches } from '@omnipaw/kernel';
import type { RatedCall } from './rates.js';
import { isCallPattern, RESOURCES, type Limit, type Resource } from './resources.js';
import type { OpenCall } from './usage.js';

/** One limit of one agent, and how much of it is used: by itself, by those below it, and by what those were given. */
export interface Cell extends Limit {
  readonly owner: Account;
  readonly resource: string;
  /** Whether it was carved out of what the parent has: all of it counts there, for as long as the agent lives. */
  readonly isCarved: boolean;
  used: number;
  isWarned: boolean;
}

/** What an agent itself has used. */
export interface Counts {
  ticks: number;
  toolCalls: number;
  /** Reservations of calls that have not ended included; so is `cost`. */
  tokens: number;
  cost: number;
  cpuUs: number;
  memoryKeys: number;
  memoryBytes: number;
  logBytes: number;
  children: number;
}

const RESOURCE_OF: Readonly<Record<keyof Counts, Resource>> = {
  ticks: 'maxTicks',
  toolCalls: 'maxToolCalls',
  tokens: 'maxTokens',
  cost: 'maxCost',
  cpuUs: 'maxCpuMs',
  memoryKeys: 'maxMemoryKeys',
  memoryBytes: 'maxMemoryBytes',
  logBytes: 'maxLogBytes',
  children: 'maxChildren',
};

export interface AccountOptions {
  readonly agent: string;
  readonly type: string;
  readonly parent: Account | undefined;
  /** Recorded time of the spawn, milliseconds since the epoch. */
  readonly bornAt: number;
  readonly limits: ReadonlyMap<string, Limit>;
  /** The limits that its parent gave it. */
  readonly carved: ReadonlySet<string>;
}

/**
 * What one agent uses, and who pays for it.
 *
 * 1. What an agent uses counts in its own limit of that resource and in those above it, up to the first that was carved: the rest
 *    of the way has paid for that one as a whole.
 * 2. When an agent has ended, what is left of its carved limits goes back; from then on what is still counted there counts above.
 * 3. Limits never change, so who pays is found once; counting takes as many steps as there are limits to count in.
 */
export class Account {
  readonly agent: string;
  readonly type: string;
  readonly parent: Account | undefined;
  readonly bornAt: number;
  readonly cells: ReadonlyMap<string, Cell>;
  readonly own: Counts = { ticks: 0, toolCalls: 0, tokens: 0, cost: 0, cpuUs: 0, memoryKeys: 0, memoryBytes: 0, logBytes: 0, children: 0 };
  /** By key, the size of its value; of shared memory, what it wrote last. */
  readonly memory = new Map<string, number>();
  /** Calls that have not said yet what they used, and those that wait for their turn: by `TICK/CALL`. */
  readonly calls = new Map<string, OpenCall>();
  readonly parked = new Map<string, RatedCall>();
  /** Recorded time, milliseconds since the epoch; undefined while it has not ended. */
  endedAt: number | undefined;
  /** Whether its last tick was ended because it took too long. */
  isStopped = false;
  /** Whether its deadlines are set. */
  isTimed = false;
  /** By resource, the limits in which it counts: the agent's own first. */
  readonly payers: Readonly<Record<keyof typeof RESOURCES, readonly Cell[]>>;
  readonly #callPayers = new Map<string, readonly Cell[]>();

  constructor({ agent, type, parent, bornAt, limits, carved }: AccountOptions) {
    this.agent = agent;
    this.type = type;
    this.parent = parent;
    this.bornAt = bornAt;
    // Field by field: what is made with a spread is slow to use, and cells are counted in at every call.
    const cells = [...limits].map(([resource, { hard, soft }]): [string, Cell] => [
      resource, { hard, soft, owner: this, resource, isCarved: parent !== undefined && carved.has(resource), used: 0, isWarned: false },
    ]);
    this.cells = new Map(cells);
    const payers = Object.keys(RESOURCES).map((resource) => [resource, this.payersOf(resource)]);
    this.payers = Object.fromEntries(payers) as Account['payers'];
  }

  /** The limits in which this resource counts, the agent's own first; `payers` has those of all but patterns. */
  payersOf(resource: string): readonly Cell[] {
    const own = this.cells.get(resource);
    const above = own?.isCarved === true || this.parent === undefined ? NOBODY : (ownOf(this.parent.payers, resource) ?? this.parent.payersOf(resource));
    return own === undefined ? above : [own, ...above];
  }

  /** The limits in which a call of this tool counts. */
  callPayers(tool: string): readonly Cell[] {
    const known = this.#callPayers.get(tool);
    if (known !== undefined) return known;
    const patterns = this.#patterns().filter((pattern) => matches(pattern.slice('call:'.length), tool));
    const payers = [...this.payers.maxToolCalls, ...patterns.flatMap((pattern) => this.payersOf(pattern))];
    this.#callPayers.set(tool, payers);
    return payers;
  }

  /** The limits in which it counts as of now: below one that was carved for an agent that has ended, those above it, too. */
  countedIn(resource: keyof typeof RESOURCES): readonly Cell[] {
    return this.payers[resource].flatMap((cell) => (isGivenBack(cell) ? [cell, ...(cell.owner.parent?.countedIn(resource) ?? [])] : [cell]));
  }

  /** Counts what the agent itself uses, or no longer does if it is negative. */
  use(name: keyof Counts, amount: number): void {
    this.own[name] += amount;
    this.charge(RESOURCE_OF[name], amount);
  }

  /** Counts an amount against limits, or gives it back if it is negative. */
  charge(resource: string, amount: number): void {
    for (const cell of ownOf(this.payers, resource) ?? this.payersOf(resource)) count(cell, amount);
  }

  /** A tick with this number has begun. */
  tickTo(tick: number): void {
    const { own, payers } = this;
    for (const cell of payers.maxTicks) count(cell, tick - own.ticks);
    own.ticks = tick;
  }

  /** Counts calls of a tool, or gives them back if they are negative. */
  countCall(tool: string, calls: number): void {
    this.own.toolCalls += calls;
    for (const cell of this.callPayers(tool)) count(cell, calls);
  }

  /** The end: what its limits were carved from gets back what is left. */
  close(now: number): void {
    for (const { isCarved, resource, hard, used } of this.cells.values()) {
      if (isCarved) this.parent?.charge(resource, used - hard);
    }
    this.endedAt = now;
  }

  /** Of this agent and those above it. */
  #patterns(): readonly string[] {
    const names = new Set(this.parent === undefined ? [] : this.parent.#patterns());
    for (const name of this.cells.keys()) if (isCallPattern(name)) names.add(name);
    return [...names];
  }
}

const NOBODY: readonly Cell[] = [];

/** What is only in an object by inheritance is nobody's. */
export function ownOf<Value>(of: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}

function isGivenBack({ isCarved, owner }: Cell): boolean {
  return isCarved && owner.endedAt !== undefined;
}

function count(cell: Cell, amount: number): void {
  cell.used += amount;
  if (isGivenBack(cell)) cell.owner.parent?.charge(cell.resource, amount);
}
