import { isLed, isSettled, keyOf, keyOfLiving, newWorld, Physics, type Machine, type World } from './world.js';

export interface ExploreOptions {
  readonly size: number;
  /** How many times a member may stand for election, all members together. */
  readonly elections: number;
  /** Whether messages come in any order, late ones and lost ones included; else each member gets them as they were sent. */
  readonly isUnordered?: boolean;
  /** How many lost members are replaced by one that knows nothing. */
  readonly replacements?: number;
  /** Whether the log refuses a second vote of a slot in one term, as the guard of the package does. */
  readonly isGuarded?: boolean;
  /** After how many events it ends, where there is no end to them otherwise that could be waited for. */
  readonly depth?: number;
  /** Whether it is of no matter that a leader is found. */
  readonly isSafetyOnly?: boolean;
  readonly machine?: Machine;
}

export interface Explored {
  readonly states: number;
  /** What went wrong first, with a shortest way to it. */
  readonly violation?: { readonly what: string; readonly trace: readonly string[] };
}

interface Move {
  readonly label: string;
  readonly to: () => World;
}

/**
 * All ways in which an election can go: every order of deliveries, time-outs and replacements. In each world that can be
 * reached, at most one has led in a term; and whichever minority is lost at that moment, the others come to a leader.
 *
 * A member that is lost is one that does nothing from some moment on; as each is free to do nothing for as long as it likes
 * here, losses need no moves of their own, unless somebody takes the slot over.
 */
export async function explore(options: ExploreOptions): Promise<Explored> {
  const explorer = new Explorer(options);
  const first = newWorld(options.size);
  const seen = new Map<string, Step>([[keyOf(first), { from: undefined, label: '' }]]);
  let frontier: (readonly [key: string, world: World])[] = [[keyOf(first), first]];
  for (let depth = 0; frontier.length > 0 && depth < (options.depth ?? Infinity); depth++) {
    const next: typeof frontier = [];
    for (const [index, [from, world]] of frontier.entries()) {
      // Whoever runs the tests wants to hear of them now and then.
      if (index % 1_000 === 0) await new Promise(setImmediate);
      for (const { label, to } of explorer.moves(world)) {
        const reached = to();
        const key = keyOf(reached);
        if (seen.has(key)) continue;
        seen.set(key, { from, label });
        const what = explorer.problemWith(reached);
        if (what !== undefined) return { states: seen.size, violation: { what, trace: traceTo(key, seen) } };
        next.push([key, reached]);
      }
    }
    frontier = next;
  }
  return { states: seen.size };
}

interface Step {
  readonly from: string | undefined;
  readonly label: string;
}

function traceTo(key: string, seen: ReadonlyMap<string, Step>): string[] {
  const labels: string[] = [];
  for (let at = seen.get(key); at?.from !== undefined; at = seen.get(at.from)) labels.unshift(at.label);
  return labels;
}

class Explorer {
  readonly #options: ExploreOptions;
  readonly #physics: Physics;
  readonly #minorities: readonly (readonly number[])[];
  /** Worlds of which it is known that every majority comes to a leader. */
  readonly #checked = new Set<string>();
  /** Worlds of which the fair schedule is known to come to a leader. */
  readonly #converging = new Set<string>();

  constructor(options: ExploreOptions) {
    this.#options = options;
    this.#physics = new Physics(options.machine, options.isGuarded);
    this.#minorities = minoritiesOf(options.size);
  }

  problemWith(world: World): string | undefined {
    if (world.isDoubled) return 'two have led in one term';
    const key = keyOfLiving(world);
    if (this.#options.isSafetyOnly === true || this.#checked.has(key)) return undefined;
    this.#checked.add(key);
    for (const lost of this.#minorities) {
      const left = lost.reduce((rest, rank) => (rest.members[rank] === undefined ? rest : this.#physics.lose(rest, rank)), world);
      const living = left.members.filter((member) => member !== undefined).length;
      if (living * 2 > this.#options.size && !this.#converges(left)) return `without ${lost.join(' and ') || 'a loss'}, the others come to no leader`;
    }
    return undefined;
  }

  *moves(world: World): Iterable<Move> {
    const { elections, replacements = 0 } = this.#options;
    yield* this.#deliveries(world);
    let hasFresh = false;
    for (const [rank, member] of world.members.entries()) {
      if (member === undefined) {
        yield { label: `${String(rank)} is replaced`, to: () => this.#physics.replace(world, rank) };
        continue;
      }
      // Those of whom nobody has heard are all the same: one of them stands for all.
      const isFresh = member.term === 0 && world.mail[rank]!.length === 0 && world.replacements === 0;
      if (isFresh && hasFresh) continue;
      hasFresh ||= isFresh;
      if (member.role === 'leader' || world.elections < elections) yield { label: `${String(rank)} has waited long enough`, to: () => this.#physics.timeout(world, rank) };
      if (world.losses < replacements) yield { label: `${String(rank)} is lost`, to: () => this.#physics.lose(world, rank) };
    }
  }

  *#deliveries(world: World): Iterable<Move> {
    for (const [to, box] of world.mail.entries()) {
      for (const [index, { from, message }] of box.entries()) {
        if (index > 0 && this.#options.isUnordered !== true) break;
        yield { label: `${String(to)} hears of ${String(from)}: ${message.kind} ${String(message.term)}`, to: () => this.#physics.deliver(world, to, index) };
      }
    }
  }

  /** Follows one fair schedule: all mail is read, leaders beat, and the lowest rank that is not led loses its patience first. */
  #converges(from: World): boolean {
    const path: string[] = [];
    let world = from;
    for (let turn = 0; turn < 4 * this.#options.size; turn++) {
      const key = keyOfLiving(world);
      if (this.#converging.has(key) || isSettled(world)) {
        for (const passed of [...path, key]) this.#converging.add(passed);
        return true;
      }
      path.push(key);
      world = this.#round(world);
    }
    return false;
  }

  #round(from: World): World {
    let world = this.#readAll(from);
    for (const [rank, member] of world.members.entries()) if (member?.role === 'leader') world = this.#physics.timeout(world, rank);
    world = this.#readAll(world);
    const waker = world.members.findIndex((member) => member !== undefined && member.role !== 'leader' && !isLed(world, member));
    return waker < 0 ? world : this.#readAll(this.#physics.timeout(world, waker));
  }

  #readAll(from: World): World {
    let world = from;
    for (let to = world.mail.findIndex(({ length }) => length > 0); to >= 0; to = world.mail.findIndex(({ length }) => length > 0)) {
      world = this.#physics.deliver(world, to, 0);
    }
    return world;
  }
}

/** All sets of members that are less than a half, the empty one first. */
function minoritiesOf(size: number): number[][] {
  const sets = Array.from({ length: 2 ** size }, (_, bits) => Array.from({ length: size }, (_, rank) => rank).filter((rank) => (bits >> rank) % 2 === 1));
  return sets.filter(({ length }) => length * 2 < size);
}
