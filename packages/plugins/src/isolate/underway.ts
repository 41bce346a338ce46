/**
 * What is under way for each owner, and how much of it there may be: pure.
 *
 * 1. One caller has so many calls of an owner and no more, so that nobody can use up those of others.
 * 2. All calls of an owner together keep so many characters and no more. Where that is too much, those end that keep most, so that nobody
 *    who keeps little pays for it.
 */

/** One that is under way. */
export interface Underway {
  readonly owner: string;
  readonly caller: string;
  /** Characters that are kept for it. */
  readonly keptChars: number;
}

/** Calls of an owner for one caller: twice as many as a kernel has under way for agents. */
export const MAX_OPEN = 2_000;
/** As many as a call that stays within its fuel may be answered, so that one alone may always keep what it needs. */
export const MAX_KEPT_CHARS = 64 * 1024 * 1024;

interface Account<Call> {
  readonly calls: Set<Call>;
  readonly open: Map<string, number>;
  keptChars: number;
}

export class Accounts<Call extends Underway> {
  /** By owner; there is none without calls. */
  readonly #accounts = new Map<string, Account<Call>>();

  /** Whether there is one owner and no other. */
  get isOne(): boolean {
    return this.#accounts.size === 1;
  }

  /** Whether one more of this owner may begin for this caller. */
  hasPlace({ owner, caller }: Pick<Underway, 'owner' | 'caller'>): boolean {
    return (this.#accounts.get(owner)?.open.get(caller) ?? 0) < MAX_OPEN;
  }

  add(call: Call): void {
    const { owner, caller, keptChars } = call;
    const account: Account<Call> = this.#accounts.get(owner) ?? { calls: new Set(), open: new Map(), keptChars: 0 };
    this.#accounts.set(owner, account);
    account.calls.add(call);
    account.open.set(caller, (account.open.get(caller) ?? 0) + 1);
    account.keptChars += keptChars;
  }

  delete(call: Call): void {
    const { owner, caller, keptChars } = call;
    const account = this.#accounts.get(owner);
    if (account?.calls.delete(call) !== true) return;
    account.keptChars -= keptChars;
    const left = account.open.get(caller)! - 1;
    if (left > 0) account.open.set(caller, left);
    else account.open.delete(caller);
    if (account.calls.size === 0) this.#accounts.delete(owner);
  }

  /** So many more are kept for a call than before, or fewer. */
  keep(call: Call, chars: number): void {
    const account = this.#accounts.get(call.owner);
    if (account?.calls.has(call) === true) account.keptChars += chars;
  }

  /** Takes out, and gives, the calls of an owner that have to end because too much is kept. */
  takeExcess(owner: string): readonly Call[] {
    const account = this.#accounts.get(owner);
    const taken: Call[] = [];
    while (account !== undefined && account.keptChars > MAX_KEPT_CHARS) {
      const largest = [...account.calls].reduce((one, other) => (other.keptChars > one.keptChars ? other : one));
      this.delete(largest);
      taken.push(largest);
    }
    return taken;
  }
}
