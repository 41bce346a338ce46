import { describeThrown, OmniError, type ErrorRecord } from '@omnipaw/kernel';
import { fieldsOf } from '../fields.js';
import type { Letter } from './transport.js';

/** A letter with its place among all that one node writes to another one. */
export interface LetterFrame {
  readonly kind: 'letter';
  /** Which of the links that the sender has had, since each counts from 1: a later one has the larger number. */
  readonly epoch: number;
  readonly seq: number;
  /** Nothing below is waited for any more. */
  readonly floor: number;
  readonly letter: Letter;
}

/** What became of a letter. */
export interface AnswerFrame {
  readonly kind: 'answer';
  readonly epoch: number;
  readonly seq: number;
  /** Why it was refused. */
  readonly error?: ErrorRecord;
}

const FAILURE_CLASSES: ReadonlySet<unknown> = new Set(['TRANSIENT', 'PERMANENT', 'POLICY_VIOLATION', 'INVARIANT_BREACH']);

export type Frame = LetterFrame | AnswerFrame;

export function encodeFrame(frame: Frame): string {
  return JSON.stringify(frame);
}

/** Undefined for what is none: the other node may be of another version. */
export function decodeFrame(text: string): Frame | undefined {
  const frame = parsed(text);
  const { kind, epoch, seq } = frame;
  if (typeof epoch !== 'number' || typeof seq !== 'number') return undefined;
  if (kind === 'answer') return frame['error'] === undefined || isError(frame['error']) ? (frame as unknown as AnswerFrame) : undefined;
  return kind === 'letter' && typeof frame['floor'] === 'number' && isLetter(frame['letter']) ? (frame as unknown as LetterFrame) : undefined;
}

/** A refusal as it crosses. */
export function refusalOf(thrown: unknown): ErrorRecord {
  if (!(thrown instanceof OmniError)) return { code: 'PROGRAM_FAILED', failureClass: 'PERMANENT', message: describeThrown(thrown) };
  const { code, failureClass, message, details } = thrown;
  return { code, failureClass, message, ...(details === undefined ? {} : { details }) };
}

export function errorOf({ code, failureClass, message, details }: ErrorRecord): OmniError {
  return new OmniError(code, message, { failureClass, ...(details === undefined ? {} : { details }) });
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}

function isLetter(value: unknown): boolean {
  const { id, from, to, channel, body, office } = fieldsOf(value);
  return [id, from, to, channel].every((field) => typeof field === 'string') && body !== undefined && (office === undefined || isOffice(office));
}

function isError(value: unknown): boolean {
  const { code, failureClass, message } = fieldsOf(value);
  return typeof code === 'string' && typeof message === 'string' && FAILURE_CLASSES.has(failureClass);
}

function isOffice(value: unknown): boolean {
  const { swarm, term } = fieldsOf(value);
  return typeof swarm === 'string' && typeof term === 'number';
}
