/** What a limit has to say to what is asked for: pure. */
import { OmniError, type GuardRecord } from '@omnipaw/kernel';
import type { Cell } from './account.js';
import type { QuotaEntries } from './entries.js';
import { unitOf } from './resources.js';

/** So much is asked for, and counts in these limits. */
export interface Demand {
  readonly cells: readonly Cell[];
  readonly amount: number;
}

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

export interface Judgement {
  /** The first hard limit that would be exceeded. */
  readonly exceeded: Meeting | undefined;
  /** Soft limits that would be, for the first time. */
  readonly warned: readonly Meeting[];
}

const NOTHING_MET: Judgement = Object.freeze({ exceeded: undefined, warned: [] });

/** Asks all limits; most of the time, none is met. */
export function judge(demands: readonly Demand[]): Judgement {
  let exceeded: Meeting | undefined;
  let warned: Meeting[] | undefined;
  for (const { cells, amount } of demands) {
    for (const cell of cells) {
      const after = cell.used + amount;
      if (after > cell.hard && amount > 0) exceeded ??= { cell, used: cell.used, asked: amount };
      if (cell.soft !== undefined && after > cell.soft && !cell.isWarned) (warned ??= []).push({ cell, used: cell.used, asked: amount });
    }
  }
  return exceeded === undefined && warned === undefined ? NOTHING_MET : { exceeded, warned: warned ?? [] };
}

export function warningOf({ cell, used, asked }: Meeting, { tick }: Asker): GuardRecord {
  const { soft = 0, hard } = cell;
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
