import { OmniError } from '../errors/index.js';
import type { JsonObject } from '../json/index.js';

/** What an agent may be granted to do. */
export type GrantAction = 'call' | 'read' | 'write' | 'delegate' | 'send';

export const GRANT_ACTIONS: readonly GrantAction[] = Object.freeze(['call', 'read', 'write', 'delegate', 'send']);

/** Authority to do one kind of thing to the resources that a pattern names. */
export interface Grant {
  readonly action: GrantAction;
  /** A pattern: `*` stands for anything but `/`, `**` for anything at all. */
  readonly resource: string;
  /** Milliseconds since the epoch after which the grant is void. */
  readonly notAfter?: number;
  /** How many times it may be used. */
  readonly limit?: number;
}

/** Limits by name (`maxTicks: 50`); the kernel carves and records them, the quota extension enforces them. */
export type Quota = Readonly<Record<string, QuotaLimit>>;

/** How much there is at the most; over `soft`, one is warned. */
export type QuotaLimit = number | { readonly hard: number; readonly soft?: number };

/** Of each limit what there is at the most. */
export function hardLimits(quota: Quota = {}): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(quota).map(([name, limit]) => [name, typeof limit === 'number' ? limit : limit.hard]));
}

/** What an agent acts under: every agent holds exactly one, for life (INV-13). */
export interface CapabilityToken {
  readonly grants: readonly Grant[];
  /** How many more levels of children may hang below the holder. */
  readonly depth: number;
  /** Milliseconds since the epoch after which the holder runs no more. */
  readonly notAfter?: number;
  /** What was carved out of the delegator's budget. */
  readonly budget?: Quota;
}

/** Who an agent is; frozen for ever. */
export interface AgentIdentity {
  readonly id: string;
  readonly type: string;
  readonly parent: string | null;
  /** Recorded time of the spawn, milliseconds since the epoch. */
  readonly createdAt: number;
  readonly quota: Quota;
  readonly metadata: JsonObject;
  /** Its delegator gets a message when it ends. */
  readonly monitor?: true;
}

const ID_PATTERN = /^[A-Za-z0-9][\w.-]{0,127}$/;

/** Ids stand unescaped in log lines, file names and patterns, so they are plain. */
export function assertPlainName(what: string, name: unknown): void {
  if (typeof name === 'string' && ID_PATTERN.test(name)) return;
  throw new TypeError(
    `${what} ${JSON.stringify(name)} is not usable: start with a letter or digit, then letters, digits, "_", "." or "-", 128 at most.`,
  );
}

export function agentNotFound(id: string, known: Iterable<string>): OmniError {
  const some = [...known].slice(0, 10).join(', ');
  return new OmniError('AGENT_NOT_FOUND', `There is no agent "${id}". Known agents: ${some === '' ? 'none' : some}.`, {
    details: { agent: id },
  });
}
