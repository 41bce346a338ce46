/** What a limit has to say to what is asked for: pure. */
import { OmniError, type GuardRecord } from '@omnipaw/kernel';
import type { Cell } from './account.js';
import type { QuotaEntries } from './entries.js';
import { unitOf } from './resources.js';

/** Who asks, in which tick. */
export interface Asker {
  readonly agent: string;
  readonly tick: number;
}

/** A limit that is met, and what is asked for on top of what is used. */
interface Meeting {
  readonly cell: Cell;
  readonly used: number;
  readonly asked: number;
}

/** The limits that are met: most of the time, there are none. */
export interface Judgement {
  /** The first hard limit that would be exceeded. */
  readonly exceeded: Meeting | undefined;
  /** Soft limits that would be, for the first time. */
  readonly warned: readonly Meeting[];
}

/** Asks limits for so much more, and adds what they say to what others have said. */
export function judge(cells: readonly Cell[], amount: number, before?: Judgement): Judgement | undefined {
  let judgement = before;
  for (const cell of cells) {
    const after = cell.used + amount;
    if (after > cell.hard) judgement = withExcess({ cell, used: cell.used, asked: amount }, judgement);
    if (after > cell.soft && !cell.isWarned) judgement = withWarning({ cell, used: cell.used, asked: amount }, judgement);
  }
  return judgement;
}

/** Asks limits on what was measured: they are met once all is used. */
export function judgeMeasured(cells: readonly Cell[], usedOf: (cell: Cell) => number, before?: Judgement): Judgement | undefined {
  let judgement = before;
  for (const cell of cells) {
    const used = usedOf(cell);
    if (used >= cell.hard) judgement = withExcess({ cell, used, asked: 0 }, judgement);
    if ((used > cell.soft || (used === cell.soft && used >= cell.hard)) && !cell.isWarned) judgement = withWarning({ cell, used, asked: 0 }, judgement);
  }
  return judgement;
}

function withExcess(meeting: Meeting, before: Judgement | undefined): Judgement {
  return { exceeded: before?.exceeded ?? meeting, warned: before?.warned ?? [] };
}

function withWarning(meeting: Meeting, before: Judgement | undefined): Judgement {
  return { exceeded: before?.exceeded, warned: [...(before?.warned ?? []), meeting] };
}

export function warningOf({ cell, used, asked }: Meeting, { tick }: Asker): GuardRecord {
  const { soft, hard } = cell;
  const data: QuotaEntries['QUOTA_WARNED'] = { ...metBy({ cell, used, asked }, tick), soft: shown(cell, soft), limit: shown(cell, hard) };
  return { kind: 'QUOTA_WARNED', data: { ...data } };
}

export function excessOf(meeting: Meeting, { agent, tick }: Asker): { readonly record: GuardRecord; readonly error: OmniError } {
  const { cell } = meeting;
  const data: QuotaEntries['QUOTA_EXCEEDED'] = { ...metBy(meeting, tick), limit: shown(cell, cell.hard) };
  const { resource, who, used, asked, limit } = data;
  const whose = who === agent ? 'its' : `the ${resource} of agent "${who}", which is above it,`;
  const message = `Agent "${agent}" has used up ${whose === 'its' ? `its ${resource}` : whose} (used ${used}${asked === 0 ? '' : `, asked for ${asked} more`}, limit ${limit}). Give it a larger quota, or less to do.`;
  return { record: { kind: 'QUOTA_EXCEEDED', data: { ...data } }, error: new OmniError('QUOTA_EXCEEDED', message, { details: { resource, who, used, asked, limit } }) };
}

function metBy({ cell, used, asked }: Meeting, tick: number): Pick<QuotaEntries['QUOTA_EXCEEDED'], 'tick' | 'resource' | 'who' | 'used' | 'asked'> {
  return { tick, resource: cell.resource, who: cell.owner.agent, used: shown(cell, used), asked: shown(cell, asked) };
}

function shown({ resource }: Cell, amount: number): number {
  return amount / unitOf(resource);
}
