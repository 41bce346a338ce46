import type { Json } from '@omnipaw/kernel';

/** A piece of work, done by one member at a time, and counted once whatever happens. */
export interface Task {
  /** Unique in the swarm; with the swarm's name it is the key under which the work can be made idempotent. */
  readonly id: string;
  /** Which of the things that members can do. */
  readonly act: string;
  readonly input: Json;
  /** Who may do it; anybody unless given. */
  readonly role?: string;
}

/** Why an attempt came to nothing. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** A failure that counts: so many attempts have failed by now. */
export interface FailedAttempt extends Failure {
  readonly attempts: number;
}

/**
 * What there is to do, as the strategy sees it: pure, since it lives in the coordinator's program.
 *
 * Each task that `next` answers is told of once, by `done`, or by a `failed` that does not say `again`.
 */
export interface Plan {
  /** The next task that a member of this role can do; undefined if there is none now. */
  next(role: string): Task | undefined;
  done(task: Task, result: Json): void;
  /** Whether it is tried again, left out, or ends the swarm. */
  failed(task: Task, failure: FailedAttempt): 'again' | 'skip' | 'fail';
  readonly isOver: boolean;
  result(): Json;
}

/** What a member says of a task. */
export type Report =
  | { readonly task: string; readonly ok: true; readonly value: Json }
  | { readonly task: string; readonly ok: false; readonly error: Failure };

/** From the coordinator: do these, one after the other, and say what became of them. */
export interface WorkOrder {
  readonly kind: 'work';
  readonly tasks: readonly Pick<Task, 'id' | 'act' | 'input'>[];
}

/** From a member: this became of all that it was given, and it is free for more. */
export interface WorkReport {
  readonly kind: 'done';
  readonly reports: readonly Report[];
}

/** A report as it came: undefined for what is none, since who sent it may be of another version, or mean harm. */
export function workReportIn(body: Json): WorkReport | undefined {
  if (!isObject(body) || body['kind'] !== 'done' || !Array.isArray(body['reports'])) return undefined;
  return body['reports'].every(isReport) ? (body as unknown as WorkReport) : undefined;
}

function isReport(given: unknown): boolean {
  if (!isObject(given) || typeof given['task'] !== 'string') return false;
  const { ok, error } = given;
  if (ok === true) return 'value' in given;
  return ok === false && isObject(error) && typeof error['code'] === 'string' && typeof error['message'] === 'string';
}

function isObject(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}
