import { OmniError } from '../errors/index.js';

/** Why the bytes at some place are not the entry that should be there; stable, for programs. */
export type DamageReason =
  | 'MALFORMED_LINE'
  | 'HASH_MISMATCH'
  | 'SEQUENCE_MISMATCH'
  | 'PREV_MISMATCH'
  | 'NEWLINE_MISSING'
  | 'SEGMENT_MISMATCH';

/** The first place at which a log is not what its writer wrote. */
export interface LogDamage {
  readonly segment: string;
  readonly byteOffset: number;
  /** The `busSeq` of the entry that should stand there. */
  readonly busSeq: number;
  readonly reason: DamageReason;
}

const WORDS: Readonly<Record<DamageReason, string>> = {
  MALFORMED_LINE: 'the line does not have the form of an entry',
  HASH_MISMATCH: 'the hash does not fit the bytes, so they were changed',
  SEQUENCE_MISMATCH: 'another entry stands there, so lines were removed, inserted or moved',
  PREV_MISMATCH: 'the entry does not continue the one before it, so one of them was replaced',
  NEWLINE_MISSING: 'the line does not end where it should, and this is not the end of the log',
  SEGMENT_MISMATCH: 'the segment starts at another entry, so part of the log is missing or was renamed',
};

/** The damage in one sentence, for people. */
export function describeDamage(damage: LogDamage): string {
  const { segment, byteOffset, busSeq, reason } = damage;
  return `The log is damaged in segment ${segment} at byte ${byteOffset}, where entry ${busSeq} should be: ${WORDS[reason]}.`;
}

export function corruptLog(damage: LogDamage): OmniError {
  return new OmniError('LOG_CORRUPT', `${describeDamage(damage)} Restore the log from a copy, or start a new one.`, {
    details: { ...damage },
  });
}
