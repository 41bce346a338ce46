import { newMember, step, type ElectionEvent, type ElectionMessage, type ElectionState, type Stepped } from '../../src/election/index.js';

export type Machine = (state: ElectionState, event: ElectionEvent) => Stepped;

export interface Flight {
  readonly from: number;
  readonly message: ElectionMessage;
  readonly key: string;
}

/** All members, all mail under way, and what the log holds of the votes. */
export interface World {
  /** Undefined is lost. */
  readonly members: readonly (ElectionState | undefined)[];
  /** By receiver, in the order of sending; the same twice stands once. */
  readonly mail: readonly (readonly Flight[])[];
  /** How many times somebody has stood for election. */
  readonly elections: number;
  readonly losses: number;
  readonly replacements: number;
  /** Who has taken the office, by term. */
  readonly leaders: readonly (number | undefined)[];
  readonly isDoubled: boolean;
  /** `member@term` to whom it has voted for; kept only where a guard looks at it. */
  readonly ballots: ReadonlyMap<string, number>;
}

export function newWorld(size: number): World {
  const members = Array.from({ length: size }, (_, rank) => newMember(rank, size));
  return { members, mail: members.map(() => []), elections: 0, losses: 0, replacements: 0, leaders: [], isDoubled: false, ballots: new Map() };
}

/** How worlds change: by which machine, and whether the log refuses the second vote of a slot in a term. */
export class Physics {
  readonly #machine: Machine;
  readonly #isGuarded: boolean;

  constructor(machine: Machine = step, isGuarded = false) {
    this.#machine = machine;
    this.#isGuarded = isGuarded;
  }

  timeout(world: World, rank: number): World {
    const isStanding = world.members[rank]?.role !== 'leader';
    return this.#apply({ ...world, elections: world.elections + (isStanding ? 1 : 0) }, rank, { type: 'timeout' });
  }

  deliver(world: World, to: number, index: number): World {
    const { from, message } = world.mail[to]![index]!;
    return this.#apply({ ...world, mail: replaced(world.mail, to, world.mail[to]!.filter((_, other) => other !== index)) }, to, { type: 'message', from, message });
  }

  lose(world: World, rank: number): World {
    return { ...world, losses: world.losses + 1, members: replaced(world.members, rank, undefined), mail: replaced(world.mail, rank, []) };
  }

  /** One that knows nothing takes the slot over. */
  replace(world: World, rank: number): World {
    return { ...world, replacements: world.replacements + 1, members: replaced(world.members, rank, newMember(rank, world.members.length)) };
  }

  #apply(world: World, rank: number, event: ElectionEvent): World {
    const { state, actions } = this.#machine(world.members[rank]!, event);
    const next = { ...world, members: replaced(world.members, rank, state), mail: [...world.mail], leaders: [...world.leaders] };
    for (const action of actions) {
      if (action.type === 'take office') {
        next.isDoubled ||= (next.leaders[action.term] ?? rank) !== rank;
        next.leaders[action.term] = rank;
      } else if (action.type === 'send' || action.type === 'broadcast') {
        for (const to of action.type === 'send' ? [action.to] : next.members.keys()) this.#send(next, { from: rank, to, message: action.message });
      }
    }
    return next;
  }

  #send(world: World & { mail: (readonly Flight[])[]; ballots: ReadonlyMap<string, number> }, { from, to, message }: { readonly from: number; readonly to: number; readonly message: ElectionMessage }): void {
    if (to === from) return;
    if (this.#isGuarded && (message.kind === 'ask' || message.kind === 'vote')) {
      const slot = `${String(from)}@${String(message.term)}`;
      const choice = message.kind === 'ask' ? from : to;
      if ((world.ballots.get(slot) ?? choice) !== choice) return;
      world.ballots = new Map([...world.ballots, [slot, choice]]);
    }
    const key = `${message.kind[0]!}${String(from)}.${String(message.term)}`;
    const box = world.mail[to]!;
    if (world.members[to] !== undefined && !box.some((other) => other.key === key)) world.mail[to] = [...box, { from, message, key }];
  }
}

/** Whether one leads, all that live follow it, and nothing is under way. */
export function isSettled(world: World): boolean {
  return world.mail.every(({ length }) => length === 0) && world.members.every((member) => member === undefined || isLed(world, member));
}

export function isLed({ members }: World, { leader, term }: ElectionState): boolean {
  const led = leader === undefined ? undefined : members[leader];
  return led?.role === 'leader' && led.term === term;
}

/** What tells a world from others, as far as it decides what the living do from here on. */
export function keyOfLiving({ members, mail }: World): string {
  return members.map((member, rank) => `${member === undefined ? '-' : keyOfMember(member)}:${mail[rank]!.map(({ key }) => key).join()}`).join('|');
}

export function keyOf(world: World): string {
  const ballots = [...world.ballots].map(([slot, choice]) => `${slot}${String(choice)}`).sort().join();
  return `${keyOfLiving(world)}|${[world.elections, world.losses, world.replacements, ...world.leaders].join()}|${ballots}`;
}

const keys = new WeakMap<ElectionState, string>();

function keyOfMember(member: ElectionState): string {
  let key = keys.get(member);
  if (key === undefined) {
    const { role, term, votedFor, votes, leader } = member;
    key = `${role[0]!}${String(term)}.${String(votedFor ?? '')}.${votes.join('')}.${String(leader ?? '')}`;
    keys.set(member, key);
  }
  return key;
}

function replaced<Item>(items: readonly Item[], index: number, item: Item): Item[] {
  const copy = [...items];
  copy[index] = item;
  return copy;
}
