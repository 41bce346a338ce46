/**
 * What a log would have met under other policies, grants or guards. Nothing runs: each action on record is asked about again, and
 * the log goes on as it is, whatever the answer.
 */
import type { ErrorRecord } from '../errors/index.js';
import type { GrantAction, PermissionRecord } from '../identity/index.js';
import { foldEntry, type Extension } from '../kernel/index.js';
import { isKernelKind } from '../replay/index.js';
import { readEntries, type Entry, type LogReader } from '../logging/index.js';
import type { Codec } from '../ports/index.js';
import { actorOf, isNote, isProposal, tickOf } from './actions.js';
import { GuardReview, type GuardFinding } from './guard-review.js';
import { OtherAuthority, type Decided, type OtherAuthorityOptions } from './other-authority.js';
import { Recorded } from './recorded.js';
import { TickTimes } from './tick-times.js';

export interface WhatIfOptions extends OtherAuthorityOptions {
  readonly codec: Codec;
  /** Their guards are asked, and their projections folded; observers have nothing to observe. Made for this log alone. */
  readonly extensions?: readonly Extension[];
  /** Told now and then how many entries were read. */
  readonly onProgress?: (entries: number) => void;
}

/** Something that has happened and would not, or not in silence. */
export interface WhatIfFinding {
  readonly busSeq: number;
  readonly agent: string;
  readonly tick: number;
  readonly kind: string;
  /** What had to be permitted; left out for what needs no permission, and only a guard has something to say about. */
  readonly action?: GrantAction;
  readonly resource?: string;
  /** `ESCALATE`: somebody would be asked first. `DELAY`: it would have to wait. `FAULT`: the agent would be ended. */
  readonly effect: 'WARN' | 'ESCALATE' | 'DELAY' | 'REFUSE' | 'FAULT';
  /** What decides now: `policy NAME`, `default` and `token` as in the log, `delegation` for a child's token, `guard NAME`. */
  readonly by: string;
  /** What allowed it. */
  readonly recorded?: PermissionRecord;
  /** What the guard would record. */
  readonly record?: GuardFinding['record'];
  /** What the program would see. */
  readonly error?: Pick<ErrorRecord, 'code' | 'message'>;
}

export interface WhatIfReport {
  /** How many entries the log holds. */
  readonly entries: number;
  /** How many of them are something that was asked about. */
  readonly asked: number;
  readonly findings: readonly WhatIfFinding[];
}

const PROGRESS_ENTRIES = 1_000;

/**
 * Lists each action of a log that would now be refused, escalated or warned about.
 *
 * An action that was refused then is not in it, as it never happened. Rejects with `LOG_CORRUPT`, with `AGENT_NOT_FOUND` for
 * a change of grants that is for nobody, with `GRANT_NOT_FOUND` for one that takes away what nobody had, with `EXTENSION_FAILED`, with what an extension asserts in the end, and a TypeError for what is no policy or grant.
 */
export async function whatIf(reader: LogReader, options: WhatIfOptions): Promise<WhatIfReport> {
  const walk = new Walk(options);
  let entries = 0;
  for await (const raw of readEntries(reader, options.codec)) {
    if (raw.busSeq % PROGRESS_ENTRIES === 0) options.onProgress?.(raw.busSeq);
    // A guard's failure is not the log's.
    const entry = foldEntry(raw, (entry) => { walk.ask(entry); });
    walk.fold(entry);
    entries = raw.busSeq + 1;
  }
  walk.authority.assertSeen();
  for (const { assertSeen } of options.extensions ?? []) assertSeen?.();
  return { entries, asked: walk.asked, findings: walk.findings };
}

class Walk {
  readonly authority: OtherAuthority;
  readonly findings: WhatIfFinding[] = [];
  asked = 0;
  readonly #guards: GuardReview;
  readonly #recorded = new Recorded();
  /** By agent, the last tick that has begun. */
  readonly #ticks = new Map<string, number>();
  readonly #tickTimes = new TickTimes();

  constructor(options: WhatIfOptions) {
    this.authority = new OtherAuthority(options);
    this.#guards = new GuardReview(options.extensions ?? []);
  }

  /** Asks about an entry, and folds the kernel's own state. */
  ask(entry: Entry): void {
    const decided = this.authority.decide(entry);
    const isProposed = isProposal(entry, this.#recorded.state.pending);
    if (decided.length > 0 || isProposed) this.asked++;
    const refused = decided.flatMap((one) => refusalOf(entry, one));
    this.findings.push(...refused);
    const found = this.#reviewTick(entry);
    // Guards are asked last, about what is permitted.
    if ((isProposed || isNote(entry)) && refused.length === 0 && found.every(({ effect }) => effect !== 'FAULT')) found.push(...this.#guards.review(entry, isProposed ? 'review' : 'reviewNote'));
    this.#report(entry, decided[0], found);
    this.#tickTimes.apply(entry as never);
    this.authority.apply(entry, decided);
    this.#recorded.fold(entry);
  }

  fold(entry: Entry): void {
    this.#guards.apply(entry);
  }

  /** The first entry of a tick tells that it has begun. */
  #reviewTick(entry: Entry): GuardFinding[] {
    const [agent, tick] = [actorOf(entry), tickOf(entry)];
    const before = this.#ticks.get(agent ?? '') ?? 0;
    if (agent === null || tick <= before || !isKernelKind(entry.kind)) return [];
    this.#ticks.set(agent, tick);
    return [...this.#guards.reviewTick({ agent, tick: before, now: this.#tickTimes.of(agent) ?? entry.time }, entry)];
  }

  #report(entry: Entry, decided: Decided | undefined, found: readonly GuardFinding[]): void {
    for (const { guard, effect, record, error } of found) {
      this.findings.push({
        ...placeOf(entry),
        ...(decided === undefined ? {} : { action: decided.action, resource: decided.resource }),
        effect,
        by: `guard ${guard}`,
        ...(decided === undefined ? {} : { recorded: decided.recorded }),
        ...(record === undefined ? {} : { record }),
        ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
      });
    }
  }
}

function refusalOf(entry: Entry, { action, resource, recorded, permission, escalation }: Decided): WhatIfFinding[] {
  const place = { ...placeOf(entry), action, resource } as const;
  if (permission.decision === 'ESCALATE') return [{ ...place, effect: 'ESCALATE', by: permission.by, recorded }];
  const refused = { ...place, effect: 'REFUSE', recorded } as const;
  if (permission.decision === 'DENY') {
    return [{ ...refused, by: permission.by, error: { code: 'PERMISSION_DENIED', message: `It may not ${action} ${resource}.` } }];
  }
  if (escalation === undefined) return [];
  return [{ ...refused, by: 'delegation', error: { code: 'PRIVILEGE_ESCALATION_ATTEMPT', message: `It would delegate more than it may: ${escalation}.` } }];
}

function placeOf(entry: Entry): Pick<WhatIfFinding, 'busSeq' | 'agent' | 'tick' | 'kind'> {
  const { busSeq, kind } = entry;
  return { busSeq, agent: actorOf(entry) ?? '', tick: tickOf(entry), kind };
}
